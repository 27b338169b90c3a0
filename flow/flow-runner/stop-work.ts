import type { Logger } from "../../protocol/logger.ts";
import type { Executor } from "../executor.ts";
import type { FlowRunner } from "./flow-runner.ts";

/** What becomes of running tasks when a run is cancelled. */
export type CancelMode = "stop" | "drain";

/** Ends the submitted work of a run. What cannot be ended here ends with the executor, so nothing is thrown. */
export async function stopWork(
  executor: Executor,
  { inFlight }: { readonly inFlight: FlowRunner["inFlight"] },
  mode: CancelMode,
  reason: string,
  log: Logger,
): Promise<void> {
  if (mode === "drain") log.info({ reason }, `stopping, waiting for ${inFlight.length} active tasks`);
  try {
    if (mode === "stop" && executor.cancelRun !== undefined) await executor.cancelRun(reason);
    else await Promise.all(inFlight.map((future) => future.cancel({ force: mode === "stop", reason })));
  } catch (error) {
    log.warn({ err: error, reason }, "Not all tasks of the cancelled run could be told to stop.");
  }
}

/** The reason of an abort, when there is one. `forget` takes the listener off the signal. */
export function whenAborted(signal: AbortSignal | undefined): { readonly reason: Promise<string>; forget(): void } {
  let onAbort = (): void => {};
  const aborted = new Promise<string>((resolve) => {
    onAbort = () => resolve(reasonOf(signal?.reason));
  });
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return { reason: aborted, forget: () => signal?.removeEventListener("abort", onAbort) };
}

function reasonOf(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === "string" ? reason : "its signal was aborted";
}
