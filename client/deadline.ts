import { ClusterError } from "../protocol/errors.ts";
import { timerMs } from "../protocol/timer-ms.ts";

/**
 * The promise's outcome, or an error when it takes longer than `timeoutMs` (undefined: no limit). What it stands for goes
 * on; only the waiting ends.
 * @throws ClusterError TIMED_OUT naming what was waited for.
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  timeoutMs: number | undefined,
  what: () => string,
): Promise<T> {
  if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const message = `${what()} did not come within ${timeoutMs} ms; what was asked for goes on`;
      reject(new ClusterError("TIMED_OUT", message, { retryable: true, details: { timeoutMs } }));
    }, timerMs(timeoutMs));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
