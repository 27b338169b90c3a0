import { LocalSession } from "./local-session.ts";
import { type ExecutorSession, SessionExecutor, type SessionOptions } from "./session-executor.ts";

/**
 * Runs every function in place: in this thread, one at a time, in the order of submission. The default executor, and the one
 * to debug with.
 *
 * `timeoutMs` aborts the signal of the task's context and fails the task with `TASK_TIMED_OUT`. Code in this thread cannot be
 * stopped, though: an asynchronous function that ignores the signal goes on unseen, and a synchronous one fails only after it
 * has returned. Use PoolExecutor or ClusterExecutor where timeouts must stop the code.
 */
export class LocalExecutor extends SessionExecutor {
  readonly holdsResults: boolean = true;

  protected override openSession(options: SessionOptions): ExecutorSession {
    return new LocalSession(options, "at once");
  }

  slots(): number {
    return 1;
  }
}
