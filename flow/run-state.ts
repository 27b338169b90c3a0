import { stateError, stateResult } from "./state-result.ts";
import type { State, StateType } from "./states.ts";
import * as predicates from "./states.ts";

/** A state as users see it: the data of a `State`, with the questions that can be asked of it. */
export class RunState {
  /** The plain data. */
  readonly data: State;
  /** The states of a mapped task's children, by index. Empty for every other task. */
  readonly children: readonly RunState[];

  constructor(data: State, children: readonly RunState[] = []) {
    this.data = data;
    this.children = children;
  }

  get type(): StateType {
    return this.data.type;
  }

  /** One sentence for people. */
  get message(): string {
    return this.data.message;
  }

  /**
   * What the task returned; a mapped task's are in an array. For a task that failed it is the error, and undefined for
   * one that was skipped, has not ended, or whose result was left on its worker.
   */
  get result(): unknown {
    return this.isMapped() ? this.children.map((child) => child.result) : stateResult(this.data);
  }

  /** Why it failed or was cancelled. */
  get error(): Error | undefined {
    return stateError(this.data);
  }

  isPending(): boolean {
    return predicates.isPending(this.data);
  }
  isScheduled(): boolean {
    return predicates.isScheduled(this.data);
  }
  isPaused(): boolean {
    return this.type === "Paused";
  }
  isRetrying(): boolean {
    return this.type === "Retrying";
  }
  isSubmitted(): boolean {
    return this.type === "Submitted";
  }
  isQueued(): boolean {
    return this.type === "Queued";
  }
  isRunning(): boolean {
    return predicates.isRunning(this.data);
  }
  isFinished(): boolean {
    return predicates.isFinished(this.data);
  }
  isLooped(): boolean {
    return this.type === "Looped";
  }
  isSuccessful(): boolean {
    return predicates.isSuccessful(this.data);
  }
  isCached(): boolean {
    return this.type === "Cached";
  }
  isMapped(): boolean {
    return this.type === "Mapped";
  }
  isSkipped(): boolean {
    return this.type === "Skipped";
  }
  isFailed(): boolean {
    return predicates.isFailed(this.data);
  }
  isTimedOut(): boolean {
    return this.type === "TimedOut";
  }
  isTriggerFailed(): boolean {
    return this.type === "TriggerFailed";
  }
  isCancelled(): boolean {
    return this.type === "Cancelled";
  }
}
