/** Transfers above this size tell the bandwidth: in smaller ones what every request costs weighs too much. dask.distributed's rule. */
export const tellingBytesMin = 1_000_000;
/** Transfers up to this size take next to no time for their bytes, and tell the latency. */
export const smallBytesMax = 65_536;
/** What a new measurement weighs against all before it. dask.distributed's rule. */
const sampleWeight = 0.05;
/** No transfer is shorter than the clocks of machines can tell. dask.distributed's rule. */
const durationMsMin = 1;
/**
 * A worker that was frozen or flooded says little of the network, and an estimate that is far too high would correct itself
 * late: who is believed to be far is not asked. What dask.distributed takes every transfer to cost is the most believed here.
 */
const latencyMsMax = 100;

/**
 * What it takes to move results between workers: averages over the whole cluster of what its workers measured. The bandwidth
 * starts at 100 MB/s, as dask.distributed's does. The latency starts at 1 ms, not at dask's 100 ms: there a busy worker has
 * all its tasks in its queue, and here only a few, so that waiting for it hardly ever seems as long as 100 ms; idle workers
 * would never fetch anything, and so never measure.
 */
export class Bandwidth {
  #bytesPerMs = 100_000;
  #latencyMs = 1;

  get bytesPerMs(): number {
    return this.#bytesPerMs;
  }

  get latencyMs(): number {
    return this.#latencyMs;
  }

  /** One answer of one worker to another arrived. */
  sample(bytes: number, durationMs: number): void {
    if (durationMs < 0) return;
    if (bytes > tellingBytesMin) {
      const bytesPerMs = bytes / Math.max(durationMsMin, durationMs);
      this.#bytesPerMs += sampleWeight * (bytesPerMs - this.#bytesPerMs);
    } else if (bytes <= smallBytesMax) {
      this.#latencyMs += sampleWeight * (Math.min(latencyMsMax, durationMs) - this.#latencyMs);
    }
  }

  /** What it takes to fetch so many bytes, from however many workers at a time. */
  fetchMs(bytes: number): number {
    return bytes / this.#bytesPerMs + this.#latencyMs;
  }
}
