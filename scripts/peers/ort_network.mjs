// Times ONNX Runtime on whole networks, for `gpuconv compare`:
//
//   node ort_network.mjs webgpu|cpu MODEL.onnx... > RESULTS.json
//   node ort_network.mjs --first webgpu|cpu MODEL.onnx    ends with its first answer, for scripts/starts
//
// Each time is the wall clock's around one run, from inputs on the host to outputs on the host. Each network has a
// process of its own, from whose start the first answer is timed. Open sizes are 1. Where nodes of a network are left
// to the CPU the result says so, and what cannot run has the reason. The WebGPU provider takes the first Vulkan
// adapter that the loader shows and that Dawn accepts. BUDGET_MS (default 4000) is the time for a network's samples
// after the first run: at least one is taken, and 20 at most.
import {spawnSync} from 'node:child_process';
import {basename} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as ort from 'onnxruntime-node';
import {sampled} from './samples.mjs';

const MOST = 20, PATIENCE_MS = 60 * 60 * 1000; // candy takes SwiftShader many minutes a run
const budget = Number(process.env.BUDGET_MS ?? 4000);

const sum = shape => shape.reduce((a, b) => a * b, 1);

// feedsOf gives each input random numbers, and the network's name in results: see bench.NetworkID.
function feedsOf(session, name) {
  const feeds = {}, shapes = {};
  for (const i of session.inputMetadata) {
    if (i.type !== 'float32') throw new Error(`input ${i.name} is of ${i.type}: only float32 is timed`);
    const shape = i.shape.map(d => typeof d === 'number' && d > 0 ? d : 1);
    feeds[i.name] = new ort.Tensor('float32', Float32Array.from({length: sum(shape)}, () => 2 * Math.random() - 1), shape);
    shapes[i.name] = shape.join('x');
  }
  return {feeds, network: name + ' ' + Object.keys(shapes).sort().map(n => shapes[n]).join(',')};
}

// sessionOf builds a session, and says whether nodes of the network are left to the CPU.
async function sessionOf(model, provider) {
  const options = {executionProviders: [provider]};
  try {
    const extra = {session: {disable_cpu_ep_fallback: provider === 'cpu' ? '0' : '1'}};
    return {session: await ort.InferenceSession.create(model, {...options, extra})};
  } catch (e) {
    if (!/fallback/i.test(e.message)) throw e;
    return {session: await ort.InferenceSession.create(model, options), note: e.message};
  }
}

async function measure(provider, model, firstAlone) {
  const {session, note} = await sessionOf(model, provider);
  const name = basename(model, '.onnx');
  const {feeds, network} = feedsOf(session, name);
  const once = async () => {
    const begun = performance.now();
    const outputs = await session.run(feeds);
    for (const o of Object.values(outputs)) await o.getData();
    return performance.now() - begun;
  };
  await once();
  const first = performance.now(); // which counts from the start of the process
  const result = {network, name, first_ms: first, note};
  if (firstAlone) return result;
  return {...result, ...await sampled(once, {budget, fewest: 1, most: MOST})};
}

// apart measures one network in a process of its own.
function apart(provider, model) {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--one', provider, model],
    {encoding: 'utf8', timeout: PATIENCE_MS, maxBuffer: 1 << 26});
  if (child.status === 0) return JSON.parse(child.stdout);
  const name = basename(model, '.onnx');
  const reason = child.stderr.split('\n').find(line => /^\w*Error: /.test(line)) ?? `ended with ${child.signal ?? child.status}`;
  return {network: name, name, error: child.error?.message ?? reason.trim()};
}

const args = process.argv.slice(2);
const mode = args[0]?.startsWith('--') ? args.shift() : '';
const [provider, ...models] = args;
if (!['webgpu', 'cpu'].includes(provider) || models.length === 0 || !['', '--one', '--first'].includes(mode)) {
  console.error('ort_network.mjs: usage: [--first] webgpu|cpu MODEL.onnx...');
  process.exit(2);
}
if (mode !== '') {
  const answer = JSON.stringify(await measure(provider, models[0], mode === '--first'));
  process.stdout.write(answer + '\n', () => process.exit(0)); // at once: what is let go takes its time
} else {
  const results = [];
  for (const model of models) {
    const r = apart(provider, model);
    console.error(`${r.name.padEnd(24)} ${r.error ?? `${r.median_ms.toFixed(2)} ms, first answer after ${r.first_ms.toFixed(0)} ms`}`);
    if (r.note) console.error(`${''.padEnd(24)} ${r.note}`);
    results.push(r);
  }
  console.log(JSON.stringify({peer: `onnxruntime ${provider}`, results}));
}
