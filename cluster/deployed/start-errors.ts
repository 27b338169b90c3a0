import { ClusterError } from "../../protocol/errors.ts";
import { formatDuration } from "../../protocol/units.ts";
import type { WorkerEnd } from "../deployer.ts";

/** Enough to see why, and little enough to read. */
const shownLinesMax = 10;

/** A worker was gone before the scheduler had it, or later and unasked. */
export function endedUnasked(
  worker: string,
  { reason }: WorkerEnd,
  lines: readonly string[],
  hadJoined: boolean,
): ClusterError {
  const last = lines.slice(-shownLinesMax);
  const said = last.length === 0 ? "It wrote nothing." : `Its last lines:\n  ${last.join("\n  ")}`;
  const when = hadJoined ? "by itself" : "before it had joined the cluster";
  return new ClusterError("WORKER_LOST", `${worker} ended ${when} (${reason}). ${said}`, {
    retryable: true,
    details: { worker, reason, lastLogLines: last },
  });
}

export function startTimedOut(worker: string, startTimeoutMs: number): ClusterError {
  return new ClusterError(
    "TIMED_OUT",
    `${worker} was started and did not join the cluster within ${formatDuration(startTimeoutMs)}. See whether it can reach the scheduler's address from where it runs, and its logs; or raise startTimeoutMs.`,
    { retryable: true, details: { worker } },
  );
}

export function gaveUp(worker: string, tries: number, cause: unknown): ClusterError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ClusterError("WORKER_LOST", `${worker} is given up after ${tries} tries: ${why}`, {
    cause,
    details: { worker },
  });
}
