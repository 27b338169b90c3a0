/** How a machine's cores are divided among worker processes and their slots. */
export interface Shape {
  readonly nWorkers: number;
  readonly threadsPerWorker: number;
}

/**
 * Few processes lose little when one dies and share nothing; many slots in one process share its memory and code. Up to
 * 4 cores each gets a process; above, the smallest factor of their number that is not below its square root is the number
 * of processes (32 → 8 × 4). What the user fixed stays.
 */
export function shapeFor(cores: number, given: Partial<Shape> = {}): Shape {
  const { nWorkers, threadsPerWorker } = given;
  if (nWorkers !== undefined) {
    return { nWorkers, threadsPerWorker: threadsPerWorker ?? Math.max(1, Math.floor(cores / Math.max(nWorkers, 1))) };
  }
  if (threadsPerWorker !== undefined) {
    return { nWorkers: Math.max(1, Math.floor(cores / threadsPerWorker)), threadsPerWorker };
  }
  if (cores <= 4) return { nWorkers: cores, threadsPerWorker: 1 };
  let processes = Math.ceil(Math.sqrt(cores));
  while (cores % processes !== 0) processes += 1;
  return { nWorkers: processes, threadsPerWorker: cores / processes };
}
