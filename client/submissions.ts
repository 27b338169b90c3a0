import type { WireError } from "../protocol/errors.ts";
import { weighed } from "../protocol/frame-weight.ts";
import type { FnId, FutureId } from "../protocol/ids.ts";
import type { TaskSpec } from "../protocol/messages.ts";
import type { Functions } from "./functions.ts";
import type { FutureTable } from "./future-table.ts";
import type { GraphTasks } from "./graph-tasks.ts";
import { localError } from "./local-error.ts";
import { OrderedSender } from "./ordered-sender.ts";
import type { PendingTask } from "./pending-task.ts";
import type { Session } from "./session.ts";
import { type PartLimits, partLimits, type SubmissionPart, SubmissionParts } from "./submission-parts.ts";
import type { Submittable } from "./task.ts";

// Fake timers of a test runner must not hold submissions back.
const soon = setImmediate;

/** What the scheduler may have to answer for at a time: beyond that it is the bottleneck, and memory would only fill. */
const unansweredTasksMax = 4 * partLimits.tasksMax;

type FnNumbers = ReadonlyMap<Submittable, FnId | Error>;

/**
 * Collects what is submitted in one turn of the event loop and sends it as one submission for each run, once its code is
 * where workers find it; what is large as several, with a turn of the event loop between them and no faster than the
 * scheduler takes them. Everything else that names futures goes through `after`, and so never overtakes them.
 */
export class Submissions {
  readonly #session: Session;
  readonly #functions: Functions;
  readonly #futures: FutureTable;
  readonly #prefix: string;
  /** The key of the task whose code submits, if this is the client of one. */
  readonly #parent: string | undefined;
  readonly #limits: PartLimits;
  readonly #sender = new OrderedSender();
  readonly #unanswered = new Map<number, readonly TaskSpec[]>();
  #unansweredTasks = 0;
  /** Resolves when there are fewer unanswered tasks, or at the end. */
  #onAnswer: (() => void) | undefined;
  /** Futures that the scheduler never heard of, and why: what depends on them fails here. */
  readonly #refused = new Map<FutureId, Error>();
  /** Those among them that nobody holds, so that only what is on its way now can depend on them. */
  readonly #refusedServing = new Map<FutureId, Error>();
  #turn: (PendingTask | GraphTasks)[] = [];
  #turnFns = new Set<Submittable>();
  #lastSubmission = 0;

  constructor(
    session: Session,
    functions: Functions,
    futures: FutureTable,
    prefix: string,
    parent?: string,
    limits: PartLimits = partLimits,
  ) {
    this.#session = session;
    this.#functions = functions;
    this.#futures = futures;
    this.#prefix = prefix;
    this.#parent = parent;
    this.#limits = limits;
  }

  add(task: PendingTask): void {
    this.#add(task);
    this.#turnFns.add(task.fn);
  }

  /** `fns`: those of all its tasks. */
  addGraph(graph: GraphTasks, fns: Iterable<Submittable>): void {
    this.#add(graph);
    for (const fn of fns) this.#turnFns.add(fn);
  }

  /** Runs `send` once everything that was submitted before has been sent. */
  after(send: () => void): void {
    this.#flush();
    this.#sender.add(() => {
      send();
      return undefined;
    });
  }

  /** The scheduler's word on a submission. */
  answered(submission: number, error?: WireError): void {
    const tasks = this.#unanswered.get(submission);
    if (tasks === undefined) return;
    this.#unanswered.delete(submission);
    this.#unansweredTasks -= tasks.length;
    if (error !== undefined) {
      const refusal = this.#refusalBehind(tasks, error) ?? localError(error);
      for (const { wanted, future } of tasks) if (wanted) this.#refuse(future, refusal);
    }
    this.#onAnswer?.();
    if (this.#turn.length === 0 && this.#sender.idle) this.#forgetServing();
  }

  /** Nothing more will be answered. */
  end(): void {
    this.#onAnswer?.();
  }

  /** The user dropped these futures. */
  forget(futures: readonly FutureId[]): void {
    if (this.#refused.size > 0) for (const future of futures) this.#refused.delete(future);
  }

  /** Between two submissions only an answer that is still to come may be explained by what nobody holds. */
  #forgetServing(): void {
    if (this.#unanswered.size === 0) this.#refusedServing.clear();
  }

  #add(submitted: PendingTask | GraphTasks): void {
    if (this.#turn.length === 0) soon(() => this.#flush());
    this.#turn.push(submitted);
  }

  #flush(): void {
    const [submitted, fns] = [this.#turn, this.#turnFns];
    if (submitted.length === 0) return;
    this.#turn = [];
    this.#turnFns = new Set();
    const numbers = new Map<Submittable, FnId | Error>();
    const prepared = Promise.all(
      Array.from(fns, async (fn) => {
        const outcome = await this.#functions.define(fn).catch((error: Error) => error);
        numbers.set(fn, outcome);
      }),
    );
    this.#sender.add(
      () => {
        this.#forgetServing();
        const parts = new SubmissionParts(submitted, this.#limits);
        this.#sendSome(parts, numbers);
        return parts.ended ? undefined : this.#sendRest(parts, numbers);
      },
      prepared.then(() => {}),
    );
  }

  async #sendRest(parts: SubmissionParts, numbers: FnNumbers): Promise<void> {
    while (!parts.ended) {
      await new Promise<void>((resolve) => soon(resolve));
      await this.#session.writable();
      while (this.#unansweredTasks > unansweredTasksMax && this.#session.ended === undefined) {
        await new Promise<void>((resolve) => {
          this.#onAnswer = resolve;
        });
      }
      this.#sendSome(parts, numbers);
    }
  }

  /** As many submissions as one turn of the event loop is for: one that is large, or several small ones. */
  #sendSome(parts: SubmissionParts, numbers: FnNumbers): void {
    const { tasksMax, bytesMax } = this.#limits;
    for (let [tasks, bytes] = [0, 0]; tasks < tasksMax && bytes < bytesMax && !parts.ended; ) {
      const part = parts.next((task) => this.#admit(task, numbers));
      if (part.tasks.length > 0) this.#send(part);
      if (part.released.length > 0 && this.#session.ended === undefined)
        this.#session.send({ op: "release", futures: part.released });
      tasks += part.tasks.length;
      bytes += part.bytes;
    }
  }

  #send({ run, requests, tasks, bytes }: SubmissionPart): void {
    const submission = ++this.#lastSubmission;
    this.#unanswered.set(submission, tasks);
    this.#unansweredTasks += tasks.length;
    const parent = this.#parent === undefined ? {} : { parent: this.#parent };
    const message = { op: "submit", submission, run, prefix: this.#prefix, ...parent, requests, tasks } as const;
    this.#session.send(weighed(message, bytes));
  }

  #admit(task: PendingTask, numbers: FnNumbers): FnId | undefined {
    const fn = numbers.get(task.fn);
    const refusal = this.#session.ended ?? task.refusal ?? this.#refusedAmong(task.deps);
    if (refusal === undefined && typeof fn === "number") return fn;
    const reason = refusal ?? fn;
    if (reason instanceof Error) this.#refuse(task.future, reason);
    return undefined;
  }

  /** A task that needs what the scheduler refused before fails as that did, though the scheduler says otherwise. */
  #refusalBehind(tasks: readonly TaskSpec[], { code }: WireError): Error | undefined {
    if (code !== "UNKNOWN_FUTURE") return undefined;
    for (const { deps } of tasks) {
      const refusal = this.#refusedAmong(deps);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #refusedAmong(deps: readonly FutureId[]): Error | undefined {
    if (this.#refused.size === 0 && this.#refusedServing.size === 0) return undefined;
    for (const dep of deps) {
      const error = this.#refused.get(dep) ?? this.#refusedServing.get(dep);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  #refuse(future: FutureId, error: Error): void {
    const record = this.#futures.get(future);
    (record === undefined ? this.#refusedServing : this.#refused).set(future, error);
    if (record?.state.status === "pending") record.state = { status: "error", error };
  }
}
