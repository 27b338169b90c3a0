import type { FnRef } from "../../protocol/code.ts";
import type { WireError } from "../../protocol/errors.ts";
import type { LogLevel } from "../../protocol/logger.ts";
import type { EncodedValue } from "../../protocol/messages.ts";
import type { ProfileFrame } from "../../protocol/record.ts";

/** One attempt at a task, as it is handed to a slot. */
export interface SlotJob {
  /** Unique in its pool and never reused. */
  readonly id: number;
  readonly key: string;
  readonly attempt: number;
  readonly fn: FnRef;
  /** The file of the bundle; undefined for Muster's own tasks. */
  readonly codePath: string | undefined;
  /** An array of arguments, with a ref wherever the value of `inputs[index]` belongs. */
  readonly args: EncodedValue;
  readonly inputs: readonly EncodedValue[];
  /** The code is stopped after this long; 0: never. Loading the code counts separately from running it. */
  readonly timeoutMs: number;
  /** The run that it belongs to, and with it what it submits. */
  readonly flowRun?: string | undefined;
  /** It is expected to take no longer than telling about it does: others may be handed to the same slot behind it. */
  readonly brief?: boolean | undefined;
}

/** Where a line of output came from; "log" is the task context's own logger. */
export type LogStream = "stdout" | "stderr" | "log";

/** "collect" and "stop" are answered with what was sampled. */
export type ProfileOrder = "start" | "collect" | "stop";

/** The answer to run(): exactly one for each job. The job's slot counts as free from then on, except after "stuck". */
export type JobEnd =
  | {
      readonly kind: "done";
      readonly job: number;
      readonly value: EncodedValue;
      readonly startMs: number;
      readonly endMs: number;
    }
  /**
   * TASK_FAILED (it threw), UNSENDABLE_VALUE, TASK_TIMED_OUT, TASK_EXITED, TASK_OUT_OF_MEMORY, CODE_FAILED,
   * TASK_NOT_FOUND or UNREADABLE_VALUE.
   */
  | {
      readonly kind: "failed";
      readonly job: number;
      readonly error: WireError;
      readonly startMs: number;
      readonly endMs: number;
    }
  /** After cancel() or stop(): nothing of it runs any more. */
  | { readonly kind: "cancelled"; readonly job: number }
  /** Its thread or process could be neither ended nor replaced: the host must end its own process. */
  | { readonly kind: "stuck"; readonly job: number; readonly reason: string };

export type SlotEvent =
  /** The task's own function is called now: its code is loaded and its inputs are decoded. */
  | { readonly kind: "started"; readonly job: number }
  /** Its function waits for tasks that it submitted itself: another job may run meanwhile. */
  | { readonly kind: "blocked"; readonly job: number }
  | { readonly kind: "unblocked"; readonly job: number }
  /** The job takes longer than was expected of it: what was handed to its slot behind it, if anything, is given back unbegun. */
  | { readonly kind: "stalled"; readonly job: number; readonly behind: readonly number[] }
  | JobEnd
  /** Where its code spent its time since it was last asked. */
  | { readonly kind: "profile"; readonly frames: readonly ProfileFrame[] }
  | OutputLine;

/** A line that user code wrote. */
export interface OutputLine {
  readonly kind: "log";
  /** Undefined where the writer cannot be told. */
  readonly job: number | undefined;
  readonly stream: LogStream;
  /** As the code gave it to its logger; of a line on stdout "info", on stderr "warn". */
  readonly level: LogLevel;
  readonly line: string;
}

/** What a stream's lines count as when their code does not say. */
export const streamLevels: Readonly<Record<"stdout" | "stderr", LogLevel>> = { stdout: "info", stderr: "warn" };

export function isJobEnd(event: SlotEvent): event is JobEnd {
  return event.kind === "done" || event.kind === "failed" || event.kind === "cancelled" || event.kind === "stuck";
}
