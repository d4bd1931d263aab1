// Samples of a run for all peers that Node times.

// sampled calls once, which gives a run's milliseconds, until a time is over, and gives what `gpuconv compare` reads.
export async function sampled(once, {budget = 2000, fewest = 5, most = 50} = {}) {
  const samples = [];
  const end = performance.now() + budget;
  while (samples.length < fewest || (samples.length < most && performance.now() < end)) samples.push(await once());
  const sorted = samples.toSorted((a, b) => a - b);
  return {median_ms: sorted[sorted.length >> 1], min_ms: sorted[0], samples_ms: samples};
}
