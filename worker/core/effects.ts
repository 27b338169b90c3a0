import type { FnRef } from "../../protocol/code.ts";
import type { TaskId } from "../../protocol/ids.ts";
import type { LogLevel } from "../../protocol/logger.ts";
import type { EncodedValue, WorkerToScheduler } from "../../protocol/messages.ts";

/** Why the process should end: its nanny starts another after "restart" and "stuck". */
export type WorkerEnd = "stopped" | "restart" | "stuck";

/** Something to run in a slot. */
export interface Execution {
  readonly kind: "execute";
  readonly job: number;
  readonly key: string;
  readonly attempt: number;
  readonly fn: FnRef;
  /** The bundle's file; undefined for tasks that Muster defines itself. */
  readonly codePath: string | undefined;
  readonly args: EncodedValue;
  /** Results held here whose values the slot gets along with `args`, in this order. */
  readonly inputs: readonly TaskId[];
  readonly timeoutMs: number;
  readonly run: string | undefined;
  /** Expected to end soon: with every slot taken, it may be handed to one behind what runs there. */
  readonly brief?: boolean | undefined;
  /** Needs a place of its own because every slot is taken (only for what runs beside the queue). */
  readonly extra: boolean;
}

/** What the shell has to do, in this order. It decides nothing itself. */
export type WorkerEffect =
  | Execution
  /** `mayWait`: something that is to be told soon will follow, and it is early enough with that. */
  | { readonly kind: "send"; readonly message: WorkerToScheduler; readonly mayWait?: boolean | undefined }
  | { readonly kind: "fetch"; readonly fetch: number; readonly address: string; readonly tasks: readonly TaskId[] }
  | { readonly kind: "load-code"; readonly load: number; readonly bundle: string }
  | { readonly kind: "cancel-execution"; readonly job: number; readonly force: boolean }
  | { readonly kind: "store"; readonly task: TaskId; readonly value: EncodedValue }
  | { readonly kind: "drop"; readonly tasks: readonly TaskId[] }
  | { readonly kind: "end-process"; readonly end: WorkerEnd; readonly reason: string }
  | { readonly kind: "log"; readonly level: LogLevel; readonly fields: object; readonly message: string };
