import type { LoadInfo } from "../../protocol/cluster-info.ts";
import { formatDuration } from "../../protocol/units.ts";

/** Above this share of what all workers may hold, there are to be twice as many. */
const memoryShareMax = 0.6;

/** What bounds the number of workers. */
export interface Bounds {
  readonly minimum: number;
  /** Infinity: none. */
  readonly maximum: number;
  /** How long the work at hand should take, in ms. */
  readonly targetDurationMs: number;
  readonly slotsPerWorker: number;
}

/** How many workers there should be, and why. */
export interface Demand {
  readonly target: number;
  readonly reason: string;
}

/**
 * As many workers as would do the work at hand in the target duration, but no more slots than there are tasks (what waits
 * for inputs is no work yet, so that a chain asks for one); twice as many as there are when their memory gets full.
 *
 * @param live how many workers there are
 */
export function demandOf(load: LoadInfo, live: number, bounds: Bounds): Demand {
  const pending = load.queued + load.processing;
  const workMs = load.occupancyMs + load.queuedMs;
  const slots = Math.min(Math.ceil(workMs / bounds.targetDurationMs), pending);
  const forWork = Math.max(Math.ceil(slots / bounds.slotsPerWorker), pending > 0 ? 1 : 0);
  const forMemory = isFilling(load) ? 2 * live : 0;
  const wanted = Math.max(forWork, forMemory);
  const target = Math.min(Math.max(wanted, bounds.minimum), bounds.maximum);
  const why = forMemory > forWork ? memoryFull(load, wanted) : workAtHand(load, workMs, wanted);
  return { target, reason: `${why}${limited(wanted, target)}` };
}

/** Workers without a limit never fill up. */
function isFilling({ workers }: LoadInfo): boolean {
  let storedBytes = 0;
  let limitBytes = 0;
  for (const worker of workers) {
    if (worker.memoryLimitBytes === 0) return false;
    storedBytes += worker.storedBytes;
    limitBytes += worker.memoryLimitBytes;
  }
  return storedBytes > memoryShareMax * limitBytes;
}

function memoryFull({ workers }: LoadInfo, wanted: number): string {
  const storedBytes = workers.reduce((bytes, worker) => bytes + worker.storedBytes, 0);
  const limitBytes = workers.reduce((bytes, worker) => bytes + worker.memoryLimitBytes, 0);
  const share = Math.round((100 * storedBytes) / limitBytes);
  return `results fill ${share}% of the workers' memory: ${workersOf(wanted)}`;
}

function workAtHand({ queued, processing, unplaceable, workers }: LoadInfo, workMs: number, wanted: number): string {
  if (queued + processing === 0) return "there is no work";
  // Without any worker that is no news.
  const stuck = unplaceable > 0 && workers.length > 0 ? ` (${unplaceable} of them for a worker that may run them)` : "";
  const work = formatDuration(workMs);
  return `${queued} tasks wait${stuck} and ${processing} are under way, ${work} of work: ${workersOf(wanted)}`;
}

function limited(wanted: number, target: number): string {
  if (target < wanted) return `, of whom ${target} are allowed`;
  return target > wanted ? `, and ${target} are kept at least` : "";
}

export const workersOf = (count: number): string => (count === 1 ? "1 worker" : `${count} workers`);
