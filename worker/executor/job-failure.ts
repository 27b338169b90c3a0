import type { ErrorCode, WireError } from "../../protocol/errors.ts";
import { formatBytes } from "../../protocol/units.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { SlotEnd } from "./slot-host.ts";
import type { SlotJob } from "./slot-job.ts";
import type { FromSlot } from "./slot-messages.ts";

// What went wrong with a job, where only the host can say so because the code itself no longer runs.

/** The job ran into its time limit. */
export function timedOut(job: SlotJob): WireError {
  return failure(
    "TASK_TIMED_OUT",
    `Task "${job.key}" ran longer than its timeoutMs of ${job.timeoutMs} ms and was stopped`,
    { key: job.key, timeoutMs: job.timeoutMs },
  );
}

/** What the task's signal carries when it is cancelled. */
export function cancelled(job: SlotJob): WireError {
  return { ...failure("CANCELLED", `Task "${job.key}" was cancelled`, { key: job.key }), name: "CancelledError" };
}

/** What a slot reported about process.exit just before it ended. */
export type Exiting = Extract<FromSlot, { kind: "exiting" }>;

/** The thread or process ended under the job, and nobody here had asked it to. */
export function slotEnded(
  job: SlotJob,
  kind: "thread" | "process",
  end: SlotEnd,
  exiting: Exiting | undefined,
  heapLimitBytes: number,
): WireError {
  const details = { key: job.key, exitCode: end.exitCode, signal: end.signal, lastLines: end.lastLines };
  if (end.outOfMemory) {
    return failure(
      "TASK_OUT_OF_MEMORY",
      `Task "${job.key}" overflowed the heap of its ${kind}, which may grow to ${formatBytes(heapLimitBytes)}: ` +
        "keep less in memory at once, or give the workers more",
      { ...details, heapLimitBytes },
    );
  }
  if (exiting !== undefined) {
    const call = `process.exit(${exiting.exitCode})`;
    const who =
      exiting.job === undefined || exiting.job === job.id
        ? `Task "${job.key}" called ${call}`
        : `Code that task "${exiting.key}" had left behind called ${call} while task "${job.key}" ran in the same ${kind}`;
    return {
      ...failure("TASK_EXITED", `${who}: return a value or throw an error instead`, details),
      cause: {
        code: "TASK_EXITED",
        message: `${call} was called here`,
        retryable: false,
        name: "Error",
        stack: exiting.stack,
      },
    };
  }
  const how = end.signal === null ? `ended with exit code ${end.exitCode}` : `was ended by ${end.signal}`;
  const why = end.lastLines.length > 0 ? `. Its last line: ${end.lastLines.at(-1)}` : "";
  const exited = failure(
    "TASK_EXITED",
    `The ${kind} that ran task "${job.key}" ${how} before the task had ended${why}`,
    details,
  );
  return end.error === undefined ? exited : { ...exited, cause: toWireError(end.error, "TASK_FAILED") };
}

function failure(code: ErrorCode, message: string, details: Record<string, unknown>): WireError {
  return { code, message, retryable: false, name: "TaskError", details };
}
