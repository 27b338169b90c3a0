import type { WireError } from "../protocol/errors.ts";
import type { FnId, FutureId } from "../protocol/ids.ts";
import type { EncodedValue, TaskRequest } from "../protocol/messages.ts";
import type { Functions } from "./functions.ts";
import type { FutureTable } from "./future-table.ts";
import { localError } from "./local-error.ts";
import { OrderedSender } from "./ordered-sender.ts";
import type { Session } from "./session.ts";
import { packParts } from "./submission-parts.ts";
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
  readonly refusal?: Error | undefined;
  /** Keeps the Futures among its arguments from being collected, and released, before it was sent. */
  readonly holds: readonly object[];
}

/** A task whose function has a number. */
export type ReadyTask = PendingTask & { readonly fnId: FnId };

// Fake timers of a test runner must not hold submissions back.
const soon = setImmediate;

/**
 * Collects what is submitted in one turn of the event loop and sends it as one submission for each run, once its code is
 * where workers find it. Everything else that names futures goes through `after`, and so never overtakes them.
 */
export class Submissions {
  readonly #session: Session;
  readonly #functions: Functions;
  readonly #futures: FutureTable;
  readonly #prefix: string;
  /** The key of the task whose code submits, if this is the client of one. */
  readonly #parent: string | undefined;
  readonly #sender = new OrderedSender();
  readonly #unanswered = new Map<number, readonly FutureId[]>();
  /** Futures that the scheduler never heard of, and why: what depends on them fails here. */
  readonly #refused = new Map<FutureId, Error>();
  #turn: PendingTask[] = [];
  #lastSubmission = 0;

  constructor(session: Session, functions: Functions, futures: FutureTable, prefix: string, parent?: string) {
    this.#session = session;
    this.#functions = functions;
    this.#futures = futures;
    this.#prefix = prefix;
    this.#parent = parent;
  }

  add(tasks: readonly PendingTask[]): void {
    if (this.#turn.length === 0) soon(() => this.#flush());
    for (const task of tasks) this.#turn.push(task);
  }

  /** Runs `send` once everything that was submitted before has been sent. */
  after(send: () => void): void {
    this.#flush();
    this.#sender.add(send);
  }

  /** The scheduler's word on a submission. */
  answered(submission: number, error?: WireError): void {
    const futures = this.#unanswered.get(submission);
    this.#unanswered.delete(submission);
    if (error === undefined || futures === undefined) return;
    const refusal = localError(error);
    for (const future of futures) this.#refuse(future, refusal);
  }

  /** The user dropped these futures. */
  forget(futures: readonly FutureId[]): void {
    for (const future of futures) this.#refused.delete(future);
  }

  #flush(): void {
    const tasks = this.#turn;
    if (tasks.length === 0) return;
    this.#turn = [];
    const fns = new Map<Submittable, FnId | Error>();
    const prepared = Promise.all(
      [...new Set(tasks.map(({ fn }) => fn))].map(async (fn) => {
        const outcome = await this.#functions.define(fn).catch((error: Error) => error);
        fns.set(fn, outcome);
      }),
    );
    this.#sender.add(
      () => this.#send(tasks, fns),
      prepared.then(() => {}),
    );
  }

  #send(tasks: readonly PendingTask[], fns: ReadonlyMap<Submittable, FnId | Error>): void {
    const ready: ReadyTask[] = [];
    for (const task of tasks) {
      const fnId = fns.get(task.fn);
      const refusal = this.#session.ended ?? task.refusal ?? this.#refusedAmong(task.deps);
      if (refusal !== undefined) this.#refuse(task.future, refusal);
      else if (typeof fnId === "number") ready.push({ ...task, fnId });
      else if (fnId !== undefined) this.#refuse(task.future, fnId);
    }
    // Nothing that is submitted later can name these.
    for (const task of tasks) if (!task.wanted) this.#refused.delete(task.future);
    const { parts, released } = packParts(ready);
    for (const { run, requests, tasks: specs } of parts) {
      const submission = ++this.#lastSubmission;
      const wanted = specs.filter((spec) => spec.wanted);
      this.#unanswered.set(
        submission,
        wanted.map(({ future }) => future),
      );
      const parent = this.#parent === undefined ? {} : { parent: this.#parent };
      this.#session.send({ op: "submit", submission, run, prefix: this.#prefix, ...parent, requests, tasks: specs });
    }
    if (released.length > 0) this.#session.send({ op: "release", futures: released });
  }

  #refusedAmong(deps: readonly FutureId[]): Error | undefined {
    if (this.#refused.size === 0) return undefined;
    for (const dep of deps) {
      const error = this.#refused.get(dep);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  #refuse(future: FutureId, error: Error): void {
    this.#refused.set(future, error);
    const record = this.#futures.get(future);
    if (record !== undefined && record.state.status === "pending") record.state = { status: "error", error };
  }
}
