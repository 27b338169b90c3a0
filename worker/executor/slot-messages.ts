import type { WireError } from "../../protocol/errors.ts";
import type { ProfileFrame } from "../../protocol/record.ts";
import type { TlsTexts } from "../../protocol/tls.ts";
import type { OutputLine, ProfileOrder, SlotJob } from "./slot-job.ts";

// What the host and the code inside a slot say to each other: one union per direction, the same for threads and processes.

/** Where a slot lives, as tasks see it in their context. */
export interface SlotWorker {
  readonly name: string;
  readonly address: string;
}

/** Where the tasks of a slot can submit tasks. It holds secrets, and so goes to slots by their own channel alone. */
export interface SlotCluster {
  readonly address: string;
  readonly token: string;
  readonly tls: TlsTexts | undefined;
}

export type ToSlot =
  /** The first message: the slot answers "ready". */
  | { readonly kind: "init"; readonly worker: SlotWorker; readonly cluster: SlotCluster | undefined }
  | { readonly kind: "run"; readonly job: SlotJob }
  /** Jobs as `JobWriter` writes them; only to threads. */
  | { readonly kind: "run-packed"; readonly jobs: Uint8Array }
  /** The worker is short of memory, and an idle slot gives back none by itself. */
  | { readonly kind: "collect-garbage" }
  | { readonly kind: "profile"; readonly order: ProfileOrder }
  /** Aborts the signal in the task's context, with this error as its reason. */
  | { readonly kind: "abort"; readonly job: number; readonly error: WireError };

export type FromSlot =
  /** `heapLimitBytes` is what V8 allows this slot, for the message about a heap that overflowed. */
  | { readonly kind: "ready"; readonly heapLimitBytes: number }
  | { readonly kind: "started"; readonly job: number; readonly startMs: number }
  /** The job's function waits for tasks that it submitted itself, or for none of them any more. */
  | { readonly kind: "blocked"; readonly job: number }
  | { readonly kind: "unblocked"; readonly job: number }
  | {
      readonly kind: "done";
      readonly job: number;
      readonly value: readonly Uint8Array[];
      readonly startMs: number;
      readonly endMs: number;
    }
  /** `tainted`: code of the task may still be running, so the slot has to be replaced before another task may use it. */
  | {
      readonly kind: "failed";
      readonly job: number;
      readonly error: WireError;
      readonly startMs: number;
      readonly endMs: number;
      readonly tainted: boolean;
    }
  | { readonly kind: "profile"; readonly frames: readonly ProfileFrame[] }
  | OutputLine
  /** Somebody called process.exit: the slot ends next. `job` is whose code it was, if that can be told. */
  | {
      readonly kind: "exiting";
      readonly job: number | undefined;
      readonly key: string | undefined;
      readonly exitCode: number;
      readonly stack: string;
    };

/** What a thread sends to have its host look into the lane. */
export const look = "look";

/** What every message over process IPC is wrapped in, so that a message of user code is never taken for one of ours. */
export interface Envelope<Message> {
  readonly musterSlot: Message;
}

/** The message inside an envelope; undefined for anything else that came over the same channel. */
export function openEnvelope<Message>(received: unknown): Message | undefined {
  return typeof received === "object" && received !== null && "musterSlot" in received
    ? (received as Envelope<Message>).musterSlot
    : undefined;
}
