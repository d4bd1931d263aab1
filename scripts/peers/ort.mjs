// Times ONNX Runtime on the layers of a suite, for `gpuconv compare`:
//
//   node ort.mjs webgpu|cpu < SUITE.txt > RESULTS.json
//
// Each time is the wall clock's around one run, from an input on the host to an output on the host. The
// WebGPU provider takes the first Vulkan adapter that the loader shows and that Dawn accepts.
import {text} from 'node:stream/consumers';
import protobuf from 'onnx-proto';
import * as ort from 'onnxruntime-node';
import {sampled} from './samples.mjs';

const FLOAT = 1, TENSOR = 1, INT = 2, INTS = 7; // numbers of onnx.proto

// layer reads a descriptor of a plain 2D layer. An axis that is not written takes the other's value.
function layer(line) {
  const at = line.indexOf('n"');
  const name = at < 0 ? '' : line.slice(at + 2, -1);
  const d = {g: 1, mb: 1, sh: 1, ph: 0, dh: 0};
  for (const m of (at < 0 ? line : line.slice(0, at)).matchAll(/([a-z]+)(\d+)/g)) d[m[1]] = Number(m[2]);
  for (const key of ['i', 'o', 'k', 's', 'p', 'd']) d[key + 'w'] ??= d[key + 'h'];
  if (line.includes('+') || ['id', 'od', 'kd'].some(key => key in d)) throw new Error(`${line}: only plain 2D layers are timed`);
  const axis = a => {
    const [size, filter, stride, pad, dilation] = ['i', 'k', 's', 'p', 'd'].map(key => d[key + a]);
    const extent = (filter - 1) * (dilation + 1) + 1;
    const out = d['o' + a] ?? Math.floor((size + 2 * pad - extent) / stride) + 1;
    return {size, filter, stride, pad, dilation: dilation + 1, out, behind: Math.max(0, (out - 1) * stride + extent - size - pad)};
  };
  const h = axis('h'), w = axis('w');
  return {line, name, groups: d.g, batch: d.mb, ins: d.ic, outs: d.oc, h, w,
    flop: 2 * d.mb * d.oc * h.out * w.out * (d.ic / d.g) * h.filter * w.filter};
}

const reals = length => Float32Array.from({length}, () => 2 * Math.random() - 1);

// model is a network of the one layer.
function model({groups, batch, ins, outs, h, w}) {
  const constant = (name, dims, data) => ({name, dims, dataType: FLOAT, rawData: new Uint8Array(data.buffer)});
  const volume = (name, dims) => ({name, type: {tensorType: {elemType: FLOAT, shape: {dim: dims.map(dimValue => ({dimValue}))}}}});
  const sizes = (name, ...ints) => ({name, type: INTS, ints});
  const each = ins / groups;
  const graph = {
    name: 'layer',
    input: [volume('x', [batch, ins, h.size, w.size])],
    output: [volume('v', [batch, outs, h.out, w.out])],
    initializer: [constant('w', [outs, each, h.filter, w.filter], reals(outs * each * h.filter * w.filter)), constant('b', [outs], reals(outs))],
    node: [{opType: 'Conv', input: ['x', 'w', 'b'], output: ['v'], attribute: [
      sizes('kernel_shape', h.filter, w.filter), sizes('strides', h.stride, w.stride), sizes('dilations', h.dilation, w.dilation),
      sizes('pads', h.pad, w.pad, h.behind, w.behind), {name: 'group', type: INT, i: groups}]}],
  };
  const {ModelProto} = protobuf.onnx;
  return ModelProto.encode(ModelProto.create({irVersion: 8, opsetImport: [{domain: '', version: 13}], graph})).finish();
}

async function measure(l, provider) {
  const session = await ort.InferenceSession.create(model(l), {executionProviders: [provider]});
  const x = new ort.Tensor('float32', reals(l.batch * l.ins * l.h.size * l.w.size), [l.batch, l.ins, l.h.size, l.w.size]);
  const once = async () => {
    const begun = performance.now();
    await session.run({x});
    return performance.now() - begun;
  };
  const first = await once();
  await once(); // warm
  const times = await sampled(once);
  await session.release?.();
  return {problem: l.line, name: l.name, first_ms: first, ...times, gflops: l.flop / times.median_ms / 1e6};
}

const provider = process.argv[2];
if (!['webgpu', 'cpu'].includes(provider)) {
  console.error(`ort.mjs: ${provider ?? 'no provider'}: must be webgpu or cpu`);
  process.exit(2);
}
const results = [];
for (const line of (await text(process.stdin)).split('\n').map(s => s.trim())) {
  if (!line || line.startsWith('#')) continue;
  const r = await measure(layer(line), provider);
  console.error(`${r.name.padEnd(24)} ${r.median_ms.toFixed(2).padStart(10)} ms ${r.gflops.toFixed(2).padStart(8)} GFLOP/s`);
  results.push(r);
}
console.log(JSON.stringify({peer: `onnxruntime ${provider}`, results}));
