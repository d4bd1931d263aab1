// Times TensorFlow.js' WebGPU gradients of convolutions on the layers of a suite, over Dawn, for `gpuconv compare`:
//
//	node tfjs.mjs < SUITE.txt > RESULTS.json
//
// Each time is the wall clock's around one run, from operands on the host, but for the filters, to a gradient on the
// host. The first Vulkan adapter that the loader shows is taken.
import {text} from 'node:stream/consumers';
import {create, globals} from 'webgpu';
import {sampled} from './samples.mjs'; // of the folder above, copied beside

Object.assign(globalThis, globals);
const value = {gpu: create(['enable-dawn-features=allow_unsafe_apis']), userAgent: 'node'};
Object.defineProperty(globalThis, 'navigator', {value, configurable: true});
const tf = await import('@tensorflow/tfjs-core');
await import('@tensorflow/tfjs-backend-webgpu');

// layer reads a descriptor of a plain 2D layer of one group that is square.
function layer(line) {
  const at = line.indexOf('n"');
  const d = {g: 1, mb: 1, sh: 1, ph: 0};
  for (const m of line.slice(0, at).matchAll(/([a-z]+)(\d+)/g)) d[m[1]] = Number(m[2]);
  if (line.includes('+') || d.g !== 1 || Object.keys(d).some(key => /^[iokspd][dw]$|^dh$/.test(key))) {
    throw new Error(`${line}: only plain 2D layers of one group, square and without dilation, are timed`);
  }
  const oh = d.oh ?? Math.floor((d.ih + 2 * d.ph - d.kh) / d.sh) + 1;
  return {...d, line, name: line.slice(at + 2, -1), oh,
    adjoint: `mb${d.mb}ic${d.oc}ih${oh}oc${d.ic}oh${d.ih}kh${d.kh}sh${d.sh}ph${d.ph}+transposed`};
}

const reals = shape => Float32Array.from({length: shape.reduce((a, b) => a * b)}, () => 2 * Math.random() - 1);

// measure times a kernel whose operands are uploaded anew each time.
async function measure(row, run) {
  const once = async () => {
    const begun = performance.now();
    const tensors = run();
    await tensors.at(-1).data();
    const took = performance.now() - begun;
    for (const t of tensors) t.dispose();
    return took;
  };
  const first = await once();
  await once(); // warm
  const times = await sampled(once);
  console.error(`${row.name.padEnd(24)} ${times.median_ms.toFixed(2).padStart(10)} ms`);
  return {...row, first_ms: first, ...times};
}

await tf.setBackend('webgpu');
await tf.ready();
const results = [];
for (const line of (await text(process.stdin)).split('\n').map(s => s.trim())) {
  if (!line || line.startsWith('#')) continue;
  const l = layer(line);
  const inputShape = [l.mb, l.ih, l.ih, l.ic], outputShape = [l.mb, l.oh, l.oh, l.oc];
  const filterShape = [l.kh, l.kh, l.ic, l.oc];
  const numbers = reals(inputShape), gradient = reals(outputShape), filter = tf.tensor(reals(filterShape), filterShape);
  const common = {strides: l.sh, pad: l.ph, dataFormat: 'NHWC', dimRoundingMode: 'floor'};
  const kernel = (name, inputs, shape) => tf.engine().runKernel(name, inputs, {...common, ...shape});
  results.push(await measure({problem: l.adjoint, name: l.name + ' dX'}, () => {
    const dy = tf.tensor(gradient, outputShape);
    return [dy, kernel('Conv2DBackpropInput', {dy, filter}, {inputShape})];
  }), await measure({problem: l.line, name: l.name + ' dW', gradient: 'W'}, () => {
    const x = tf.tensor(numbers, inputShape), dy = tf.tensor(gradient, outputShape);
    return [x, dy, kernel('Conv2DBackpropFilter', {x, dy}, {filterShape})];
  }));
  filter.dispose();
}
console.log(JSON.stringify({peer: 'tensorflow.js webgpu', results}));
process.exit(0);
