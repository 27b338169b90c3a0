import type { WireError } from "../../protocol/errors.ts";
import type { TaskId } from "../../protocol/ids.ts";
import type { EncodedValue, SchedulerToWorker } from "../../protocol/messages.ts";

/** What the scheduler says that concerns the core; parts of bundles go to whoever asked for the bundle, and slots are profiled past it. */
export type CoreMessage = Exclude<SchedulerToWorker, { readonly op: "bundle" | "profile" }>;

/** A value on its way into the store. The core never looks inside. */
export interface ArrivedValue {
  readonly value: EncodedValue;
  readonly bytes: number;
}

/**
 * All that can happen to a worker. `job`, `fetch` and `load` are the numbers that the core gave to the effect which the
 * event answers; each such effect is answered by exactly one event, and an answer to a forgotten number is ignored.
 */
export type WorkerEvent =
  /** All messages of one frame, so that what they ask for together is fetched together. */
  | { readonly kind: "messages"; readonly messages: readonly CoreMessage[] }
  /** The scheduler welcomed this worker as a fresh one; or (`resuming`) will say by "resume" whether it takes it back. */
  | { readonly kind: "connected"; readonly resuming?: boolean | undefined }
  /** The connection to the scheduler is lost. It may keep what it knows of this worker for a while. */
  | { readonly kind: "disconnected" }
  | {
      readonly kind: "slot-done";
      readonly job: number;
      readonly value: EncodedValue;
      readonly bytes: number;
      readonly startMs: number;
      readonly endMs: number;
    }
  | {
      readonly kind: "slot-failed";
      readonly job: number;
      readonly error: WireError;
      readonly startMs: number;
      readonly endMs: number;
    }
  | { readonly kind: "slot-cancelled"; readonly job: number }
  /** It never began, because an input that is held here could not be read; "unreadable" came before. */
  | { readonly kind: "slot-unready"; readonly job: number }
  /** What runs there waits (or waits no longer) for tasks that it submitted itself, which need its slot to run in. */
  | { readonly kind: "slot-lent"; readonly job: number }
  | { readonly kind: "slot-returned"; readonly job: number }
  /** A brief job takes long: those that were handed to its slot behind it have not begun, and never will under these numbers. */
  | { readonly kind: "slot-stalled"; readonly job: number; readonly behind: readonly number[] }
  /** What runs there cannot be ended short of ending the process. */
  | { readonly kind: "slot-stuck"; readonly job: number; readonly reason: string }
  /** No job can be given to a slot that counted as free. */
  | { readonly kind: "slots-broken"; readonly reason: string }
  /** The peer answered; a task that is not in `values` is absent there. */
  | { readonly kind: "fetched"; readonly fetch: number; readonly values: ReadonlyMap<TaskId, ArrivedValue> }
  | { readonly kind: "fetch-unreachable"; readonly fetch: number }
  | { readonly kind: "fetch-busy"; readonly fetch: number; readonly retryMs: number }
  | { readonly kind: "code-ready"; readonly load: number; readonly path: string }
  | { readonly kind: "code-failed"; readonly load: number; readonly error: WireError }
  /** These results were held here and are gone (their spill files cannot be read). */
  | { readonly kind: "unreadable"; readonly tasks: readonly TaskId[] }
  /** Whether this process has memory for more tasks. */
  | { readonly kind: "memory"; readonly paused: boolean }
  /** A client put a value here. */
  | ({ readonly kind: "put"; readonly task: TaskId } & ArrivedValue)
  /** The process's own wish to end, told by its nanny or its host. */
  | { readonly kind: "stop"; readonly how: "drain" | "now"; readonly reason: string }
  /** The time that `nextWakeupMs` named has come. */
  | { readonly kind: "wake" };
