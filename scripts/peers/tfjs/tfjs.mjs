// Times TensorFlow.js' WebGPU gradients of convolutions on the layers of a suite, over Dawn:
//
//	node tfjs.mjs < SUITE.txt
//
// Each line has the layer and the GFLOP/s of dX and dW, FLOPs counted as the forward layer's. A time is the quickest of
// several, from the kernel's start until its result is on the host. The first Vulkan adapter that the loader shows is
// taken.
import {text} from 'node:stream/consumers';
import {create, globals} from 'webgpu';

Object.assign(globalThis, globals);
const value = {gpu: create(['enable-dawn-features=allow_unsafe_apis']), userAgent: 'node'};
Object.defineProperty(globalThis, 'navigator', {value, configurable: true});
const tf = await import('@tensorflow/tfjs-core');
await import('@tensorflow/tfjs-backend-webgpu');
const SECONDS = 1.5, FEWEST = 3;

// layer reads a descriptor of a plain 2D layer of one group with a square filter.
function layer(line) {
  const at = line.indexOf('n"');
  const d = {g: 1, mb: 1, sh: 1, ph: 0, dh: 0};
  for (const m of line.slice(0, at).matchAll(/([a-z]+)(\d+)/g)) d[m[1]] = Number(m[2]);
  const out = d.oh ?? Math.floor((d.ih + 2 * d.ph - d.kh) / d.sh) + 1;
  const square = (d.kw ?? d.kh) === d.kh && (d.iw ?? d.ih) === d.ih;
  return {...d, name: line.slice(at + 2, -1), out, plain: d.g === 1 && d.dh === 0 && square,
    flop: 2 * d.mb * d.oc * out * out * d.ic * d.kh * d.kh};
}

async function quickest(run) {
  let best = Infinity;
  const end = performance.now() + 1000 * SECONDS;
  for (let i = 0; i < FEWEST + 1 || performance.now() < end; i++) {
    const begun = performance.now();
    const result = run();
    await result.data();
    if (i > 0) best = Math.min(best, performance.now() - begun); // the first one compiles
    result.dispose();
  }
  return best;
}

await tf.setBackend('webgpu');
await tf.ready();
for (const line of (await text(process.stdin)).split('\n').map(s => s.trim())) {
  if (!line || line.startsWith('#')) continue;
  const l = layer(line);
  if (!l.plain) continue;
  const x = tf.randomNormal([l.mb, l.ih, l.ih, l.ic]), dy = tf.randomNormal([l.mb, l.out, l.out, l.oc]);
  const filter = tf.randomNormal([l.kh, l.kh, l.ic, l.oc]);
  const common = {strides: l.sh, pad: l.ph, dataFormat: 'NHWC', dimRoundingMode: 'floor'};
  const run = (name, inputs, shape) => quickest(() => tf.engine().runKernel(name, inputs, {...common, ...shape}));
  const dx = await run('Conv2DBackpropInput', {dy, filter}, {inputShape: x.shape});
  const dw = await run('Conv2DBackpropFilter', {x, dy}, {filterShape: filter.shape});
  const rate = ms => (l.flop / ms / 1e6).toFixed(3).padStart(8);
  console.log(`${l.name.padEnd(20)} dX ${rate(dx)} dW ${rate(dw)} GFLOP/s`);
  for (const t of [x, dy, filter]) t.dispose();
}
process.exit(0);
