import type { FromSlot, ToSlot } from "./slot-messages.ts";

/** How the thread or process of a slot ended. */
export interface SlotEnd {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly outOfMemory: boolean;
  /** What brought it down, where the host can see it. */
  readonly error?: unknown;
  /** The last lines that it wrote to its stderr past our own output, such as V8's or a native addon's. */
  readonly lastLines: readonly string[];
}

/** What a host tells about its thread or process. */
export interface SlotListener {
  message(message: FromSlot): void;
  /** A line written to the raw stdout or stderr, past the output that the slot reports by itself. */
  output(stream: "stdout" | "stderr", line: string): void;
  /** Exactly once, after every message. Nothing of it runs any more. */
  ended(end: SlotEnd): void;
}

export interface LaneAccess {
  /** Takes back the jobs that were handed over and have not begun, the last ones; returns how many. */
  recall(): number;
  /** Tells the listener at once what the slot has told through the lane. */
  drain(): void;
}

/** One thread or process that runs the slot runtime. */
export interface SlotHost {
  /** Its own process, if it has one. */
  readonly pid: number | undefined;
  send(message: ToSlot): void;
  /** What is shared with a thread; without it jobs that were handed over cannot be taken back. */
  readonly lane?: LaneAccess | undefined;
  /** The milder end: terminate() for a thread, SIGTERM to its group for a process. */
  end(): void;
  /** The harsher end: SIGKILL to the group. A thread has none; false says so. */
  kill(): boolean;
}

export interface HostOptions {
  /** Old-generation heap of the slot; 0: V8's default. */
  readonly maxHeapBytes: number;
}

/** Starts a thread or process. Throws, or ends without "ready", when it cannot be started. */
export type OpenHost = (options: HostOptions, listener: SlotListener) => SlotHost;

/** The slot runtime's entry point: source when we run from source, the built file otherwise. */
export const slotEntry: URL = new URL(
  import.meta.url.endsWith(".ts") ? "./slot/slot-main.ts" : "./slot/slot-main.js",
  import.meta.url,
);
