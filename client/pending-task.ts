import type { FutureId } from "../protocol/ids.ts";
import type { EncodedValue, TaskRequest } from "../protocol/messages.ts";
import type { Submittable } from "./task.ts";

/** A task that was submitted and not yet sent. */
export interface PendingTask {
  readonly future: FutureId;
  readonly fn: Submittable;
  readonly args: EncodedValue;
  readonly deps: readonly FutureId[];
  readonly request: TaskRequest;
  readonly key: string | undefined;
  readonly wanted: boolean;
  readonly run: string;
  /** Why it cannot be sent, if that is known already. */
  readonly refusal: Error | undefined;
  /** Keeps the Futures among its arguments from being collected, and released, before it was sent. */
  readonly holds: readonly object[];
}

/** What most tasks have of this or that. */
export const nothing: readonly never[] = Object.freeze([]);
