import {
  failed,
  looped,
  paused,
  retrying,
  type State,
  skipped,
  success,
  triggerFailed,
  validationFailed,
} from "./states.ts";

/** What a signal's state may depend on in the run that threw it. */
export interface SignalContext {
  /** How many times the task has run, this time included. */
  readonly runCount: number;
  /** Rounds of the loop that have ended, this one included. */
  readonly loopCount: number;
  readonly retryDelayMs: number;
}

/** Thrown by a task's own code (or a state handler) to end the run of the task in the state that the signal names. */
export abstract class Signal extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
  abstract state(context: SignalContext): State;
}

/** What a signal that ends a task may carry. */
export interface SignalResult {
  readonly result?: unknown;
}

/** When a paused or retried task may run. */
export interface SignalDelay {
  /** Milliseconds from now. */
  readonly delayMs?: number | undefined;
}

/** Ends the task as Failed. */
export class FAIL extends Signal {
  readonly result: unknown;
  constructor(message = "The task threw FAIL.", { result }: SignalResult = {}) {
    super(message);
    this.result = result;
  }
  state(): State {
    return { ...failed(this.message), result: this.result };
  }
}

/** Ends the task as TriggerFailed, as if its trigger had not let it run. */
export class TRIGGERFAIL extends Signal {
  constructor(message = "The task threw TRIGGERFAIL.") {
    super(message);
  }
  state(): State {
    return triggerFailed(this.message);
  }
}

/** Ends the task as ValidationFailed. */
export class VALIDATIONFAIL extends Signal {
  constructor(message = "The task threw VALIDATIONFAIL.") {
    super(message);
  }
  state(): State {
    return validationFailed(this.message);
  }
}

/** Ends the task as Success, with `result`. */
export class SUCCESS extends Signal {
  readonly result: unknown;
  constructor(message = "The task threw SUCCESS.", { result }: SignalResult = {}) {
    super(message);
    this.result = result;
  }
  state(): State {
    return success(this.message, this.result);
  }
}

/** Ends the task as Skipped: downstream tasks are skipped, too, unless their `skipOnUpstreamSkip` is false. */
export class SKIP extends Signal {
  constructor(message = "The task threw SKIP.") {
    super(message);
  }
  state(): State {
    return skipped(this.message);
  }
}

/** Runs the task again, whatever its `maxRetries`. Default delay: the task's `retryDelayMs`, else none. */
export class RETRY extends Signal {
  readonly delayMs: number | undefined;
  constructor(message = "The task threw RETRY.", { delayMs }: SignalDelay = {}) {
    super(message);
    this.delayMs = delayMs;
  }
  state({ runCount, retryDelayMs }: SignalContext): State {
    return retrying(this.message, { delayMs: this.delayMs ?? retryDelayMs, runCount });
  }
}

/** Pauses the task until it is resumed or, if `delayMs` is given, until that time has passed. */
export class PAUSE extends Signal {
  readonly delayMs: number | undefined;
  constructor(message = "The task threw PAUSE.", { delayMs }: SignalDelay = {}) {
    super(message);
    this.delayMs = delayMs;
  }
  state(): State {
    return paused(this.message, this.delayMs);
  }
}

/** Runs the task's function once more; that round finds `result` as `loopResult` in `flowContext()`. */
export class LOOP extends Signal {
  readonly result: unknown;
  constructor(message = "The task threw LOOP.", { result }: SignalResult = {}) {
    super(message);
    this.result = result;
  }
  state({ loopCount }: SignalContext): State {
    return looped(this.message, loopCount, this.result);
  }
}
