/** How often each of `workers` workers sends a heartbeat: rarer the more there are, so that their sum stays bearable. */
export function heartbeatMs(workers: number): number {
  if (workers <= 10) return 500;
  if (workers < 50) return 1000;
  if (workers < 200) return 2000;
  return (workers / 200 + 1) * 1000;
}

/** How long a worker may be silent on an open socket before it counts as lost. */
export function silenceMsMax(workers: number, workerTtlMs: number): number {
  return Math.max(workerTtlMs, 10 * heartbeatMs(workers));
}
