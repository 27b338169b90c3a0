import { AsyncLocalStorage } from "node:async_hooks";
import { ClusterError } from "./errors.ts";
import type { Logger } from "./logger.ts";

/** What a running task may know of itself. `Client` is the class of clients, which this folder does not know. */
export interface TaskContext<Client = unknown> {
  /** The task's key, the same in every attempt. */
  readonly key: string;
  /** The number of this attempt at the task. */
  readonly attempt: number;
  /** Aborted when the task is cancelled, times out, or its worker stops; the code is ended by force a grace later. */
  readonly signal: AbortSignal;
  /** The worker it runs on. */
  readonly worker: { readonly name: string; readonly address: string };
  /** The flow run it belongs to, if it was submitted by one. */
  readonly flowRun?: string | undefined;
  /** Lines written here are kept with the task's own. */
  readonly log: Logger;
  /**
   * A client of the cluster that the task runs on, to submit tasks from within it. It is connected at the first call, and
   * closed when the task ends, which ends what it submitted, too. While the task awaits futures of this client, others may
   * run in its slot.
   * @throws ClusterError NOT_STARTED where there is no cluster; SCHEDULER_UNREACHABLE, CLOSED after the task has ended.
   */
  client(): Promise<Client>;
}

/** What code runs for, and what it may know of that. */
interface Scope {
  readonly owner: unknown;
  readonly context: TaskContext | undefined;
}

const scopes = new AsyncLocalStorage<Scope>();

/**
 * The context of the task that is running.
 * @throws ClusterError NOT_STARTED when it is called outside a task.
 */
export function taskContext(): TaskContext {
  const context = findTaskContext();
  if (context === undefined) {
    throw new ClusterError(
      "NOT_STARTED",
      "taskContext() was called outside a task: there is a context only while a task's own function runs, and in what it awaits",
    );
  }
  return context;
}

/** The context of the task that is running, if one is: for code that also runs outside tasks. */
export function findTaskContext(): TaskContext | undefined {
  return scopes.getStore()?.context;
}

/** Runs `body`, and all that it awaits, as the task that `context` describes; `owner` is for whoever runs it. */
export function runInContext<T>(context: TaskContext, body: () => T, owner?: unknown): T {
  return scopes.run({ owner, context }, body);
}

/** Runs `body`, and all that it awaits, for `owner`, though not as a task. */
export function runAsOwner<T>(owner: unknown, body: () => T): T {
  return scopes.run({ owner, context: undefined }, body);
}

export function currentOwner(): unknown {
  return scopes.getStore()?.owner;
}
