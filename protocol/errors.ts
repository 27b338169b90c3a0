/** Every code an error of ours may carry. Codes are stable: match on `code`, never on the message. */
export type ErrorCode =
  // a user's task
  | "TASK_FAILED" // it threw
  | "TASK_TIMED_OUT" // it ran longer than its timeoutMs and was stopped
  | "TASK_EXITED" // it called process.exit, or its thread or process ended under it
  | "TASK_OUT_OF_MEMORY" // it overflowed its heap
  | "UNSENDABLE_VALUE" // an argument or result that cannot be sent
  | "UNREADABLE_VALUE" // bytes that do not decode to a value
  | "CODE_FAILED" // its module could not be loaded on the worker
  | "TASK_NOT_FOUND" // its module does not define a task of that name
  | "NOT_SELF_CONTAINED" // an inline function refers to a variable outside itself
  | "DUPLICATE_TASK" // two tasks of one name in one bundle
  | "BUNDLE_FAILED" // the module could not be bundled
  // infrastructure
  | "WORKER_LOST" // the workers that ran it died too often
  | "DATA_LOST" // a scattered value whose every holder is gone
  | "NO_WORKERS" // nobody could run it in time
  | "SCHEDULER_UNREACHABLE"
  | "CONNECTION_LOST"
  // cancellation and time
  | "CANCELLED"
  | "TIMED_OUT" // a call of the client's gave up waiting; the work goes on
  // configuration and protocol
  | "BAD_OPTION"
  | "BAD_ADDRESS"
  | "PORT_IN_USE"
  | "CYCLIC_GRAPH"
  | "KEY_CONFLICT" // the same key with a different definition
  | "UNKNOWN_FUTURE"
  | "BAD_TOKEN"
  | "VERSION_MISMATCH"
  | "BAD_FRAME"
  | "BAD_BUNDLE" // bytes that do not match their hash
  | "TOO_LARGE"
  | "NOT_STARTED"
  | "CLOSED"
  // flows
  | "BAD_PARAMETER"
  | "BAD_FLOW"
  | "FLOW_FAILED"
  // ours
  | "INVARIANT_VIOLATION";

/** An error as it crosses a socket. `details` is machine-readable; `cause` is the error below it, down to the user's own. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  /** The class name that the error showed where it was thrown, such as "TypeError". */
  readonly name?: string | undefined;
  readonly stack?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: WireError | undefined;
}

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Whether the same call may succeed if it is made again. Default false. */
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The base of every error Muster throws. */
export class ClusterError extends Error {
  override readonly name: string = "ClusterError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** A user's task ended badly. `cause` is what it threw, with the user's own file and line in its stack. */
export class TaskError extends ClusterError {
  override readonly name: string = "TaskError";
}

/** The workers that ran a task died more often than is allowed; `details.attempts` lists the fate of each attempt. */
export class WorkerLostError extends ClusterError {
  override readonly name: string = "WorkerLostError";
  constructor(message: string, options: ErrorOptions = {}) {
    super("WORKER_LOST", message, options);
  }
}

/** The task, run or call was cancelled; `details.reason` says by whom and why, when they said. */
export class CancelledError extends ClusterError {
  override readonly name: string = "CancelledError";
  constructor(message: string, options: ErrorOptions = {}) {
    super("CANCELLED", message, options);
  }
}

/** An option, parameter or address that cannot be used; the message lists every problem at once. */
export class ConfigurationError extends ClusterError {
  override readonly name: string = "ConfigurationError";
}

/** The other end of a socket refused us, or sent what we cannot accept. */
export class ProtocolError extends ClusterError {
  override readonly name: string = "ProtocolError";
}

/** A state machine found itself in a state that must not exist. Always our fault; the message ends with the key's story. */
export class InvariantViolation extends ClusterError {
  override readonly name: string = "InvariantViolation";
  constructor(message: string, options: ErrorOptions = {}) {
    super("INVARIANT_VIOLATION", message, options);
  }
}

/** Thrown from the end of a switch that handles every case; the parameter's type proves it at compile time. */
export function assertNever(value: never): never {
  throw new InvariantViolation(`unhandled case: ${JSON.stringify(value)}`);
}
