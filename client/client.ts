import { randomUUID } from "node:crypto";
import type { ClusterInfo } from "../protocol/cluster-info.ts";
import type { ClusterError } from "../protocol/errors.ts";
import type { Explanation } from "../protocol/explanation.ts";
import type { FutureId } from "../protocol/ids.ts";
import type { ClientToScheduler, WhoHas } from "../protocol/messages.ts";
import type { NestedClientOptions } from "../protocol/nested-client.ts";
import { PeerLinks } from "../protocol/transfer.ts";
import {
  type ComputeOptions,
  cancelChecks,
  computeChecks,
  type GatherOptions,
  gatherChecks,
  type RunShareOptions,
  scatterChecks,
  shareChecks,
  type WorkersOption,
  watchChecks,
  workersChecks,
} from "./call-options.ts";
import { type ClientOptions, type ClusterAddress, resolveClientOptions } from "./client-options.ts";
import { withDeadline } from "./deadline.ts";
import { withOwnNews } from "./explain.ts";
import { Functions } from "./functions.ts";
import type { CancelOptions, Future } from "./future.ts";
import { FutureTable } from "./future-table.ts";
import { GraphNode } from "./graph.ts";
import { askLogs, type LogLine, type LogsOptions } from "./logs.ts";
import type { Placed, PlacedArgs } from "./placeholder.ts";
import { Releases } from "./releases.ts";
import { reportOn, type Watch } from "./report-on.ts";
import { Results } from "./results.ts";
import { runOnWorkers } from "./run-on-workers.ts";
import { type ScatterOptions, scatter } from "./scatter.ts";
import { type News, Session, type SessionOptions } from "./session.ts";
import { Submissions } from "./submissions.ts";
import type { SubmitOptions } from "./submit-options.ts";
import { Submitter, unknownFuture } from "./submitter.ts";
import type { Submittable, Task } from "./task.ts";
import { checkOptions, isAmount, isCount, isKey, isName, isNames, isNumberOfSome } from "./task-options.ts";
import { Waits } from "./waits.ts";
import { type EventListener, Watching, type WatchOptions } from "./watching.ts";

export type { ClientOptions, ClusterAddress } from "./client-options.ts";

/** One future or several. */
type Futures = Future<unknown> | Iterable<Future<unknown>>;

/**
 * A connection to a cluster: submits tasks and gives futures for their results. What it submitted ends with it, unless
 * another client wants it too. It keeps the process alive until it is closed.
 */
export class Client implements AsyncDisposable {
  readonly #session: Session;
  readonly #links: PeerLinks;
  readonly #functions: Functions;
  readonly #futures: FutureTable;
  readonly #submissions: Submissions;
  readonly #submitter: Submitter;
  readonly #results: Results;
  readonly #watching: Watching;
  #closing: Promise<void> | undefined;

  /**
   * Connects to a scheduler by its address, or to a cluster object.
   * @throws ClusterError SCHEDULER_UNREACHABLE within `timeoutMs`, BAD_TOKEN, VERSION_MISMATCH, BAD_ADDRESS, BAD_OPTION;
   * BAD_FLOW when a module does so while a worker imports it
   */
  static async connect(to: string | ClusterAddress, options: ClientOptions = {}): Promise<Client> {
    const resolved = resolveClientOptions(to, options);
    return new Client(await Session.open(resolved), resolved);
  }

  /** For the context of a task that runs on a worker. Use `taskContext().client()` there. */
  static async connectWithin(parent: NestedClientOptions): Promise<Client> {
    const { address, token, tls } = parent;
    // What a task submitted ends with it, also when its slot is killed: so its client does not wait to be taken back.
    const own = { token, tls, name: `task ${parent.parent}`, reconnectMs: 0 };
    const resolved = resolveClientOptions(address, own);
    return new Client(await Session.open(resolved), resolved, parent);
  }

  private constructor(session: Session, { token, name, tls }: SessionOptions, parent?: NestedClientOptions) {
    this.#session = session;
    this.#links = new PeerLinks({ token, name, tls });
    this.#functions = new Functions(session);
    this.#watching = new Watching(session);
    const prefix = randomUUID();
    const releases = new Releases((ids) => this.#release(ids));
    this.#futures = new FutureTable({
      waits: parent && new Waits(parent.onWaiting),
      fetch: (record, future) => this.#results.value(record, future),
      cancel: (futures, cancelOptions) => this.cancel(futures, cancelOptions),
      retry: (futures) => this.retry(futures),
      release: (record) => {
        if (this.#futures.forget(record)) releases.add(record);
      },
    });
    this.#submissions = new Submissions(session, this.#functions, this.#futures, prefix, parent?.parent);
    this.#submitter = new Submitter(this.#futures, this.#submissions, prefix, parent?.run ?? prefix);
    this.#results = new Results(this.#links, ({ id }, address) =>
      this.#session.send({ op: "missing", future: id, address }),
    );
    session.listen({
      onNews: (news) => this.#take(news),
      onResumed: (futures) => this.#resumed(futures),
      onEnd: (error) => this.#end(error),
    });
  }

  /**
   * Runs a function on a worker. Futures may stand anywhere in the arguments (arrays, plain objects). What is submitted in
   * one turn of the event loop is sent together. A function or an argument that cannot be sent fails the future.
   * @throws ConfigurationError BAD_OPTION naming every bad option
   */
  submit<Args extends readonly unknown[], Result>(
    task: Task<Args, Result>,
    args: NoInfer<Readonly<PlacedArgs<Args, "future">>>,
    options?: SubmitOptions,
  ): Future<Awaited<Result>>;
  submit<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result,
    args: NoInfer<Readonly<PlacedArgs<Args, "future">>>,
    options?: SubmitOptions,
  ): Future<Awaited<Result>>;
  submit(fn: Submittable, args: readonly unknown[], options?: SubmitOptions): Future<unknown> {
    this.#refuseEnded();
    return this.#submitter.submit(fn, args, options);
  }

  /** Submits a call with each of the values as its one argument. A `key` gets the value's position at its end. */
  map<Args extends readonly unknown[], Result>(
    task: Task<Args, Result>,
    values: Iterable<NoInfer<Placed<Args[0], "future">>>,
    options?: SubmitOptions,
  ): Future<Awaited<Result>>[];
  map<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result,
    values: Iterable<NoInfer<Placed<Args[0], "future">>>,
    options?: SubmitOptions,
  ): Future<Awaited<Result>>[];
  map(fn: Submittable, values: Iterable<unknown>, options?: SubmitOptions): Future<unknown>[] {
    this.#refuseEnded();
    return this.#submitter.map(fn, values, options);
  }

  /**
   * Sends what these nodes of a Graph need, and keeps the results of these nodes alone. A graph of more than 20,000 tasks
   * goes in several submissions, and its first tasks run while later ones are still being sent.
   */
  compute<T>(node: GraphNode<T>, options?: ComputeOptions): Future<T>;
  compute<T extends readonly GraphNode<unknown>[]>(
    nodes: readonly [...T],
    options?: ComputeOptions,
  ): { [Index in keyof T]: T[Index] extends GraphNode<infer R> ? Future<R> : never };
  compute(nodes: GraphNode<unknown> | readonly GraphNode<unknown>[], options?: ComputeOptions): unknown {
    this.#refuseEnded();
    checkOptions("compute", options, computeChecks);
    const targets = (Array.isArray(nodes) ? nodes : [nodes]).map(GraphNode.specOf);
    const futures = this.#submitter.compute(targets, options);
    return Array.isArray(nodes) ? futures : futures[0];
  }

  /**
   * Fetches the values of futures, straight from the workers, each once.
   * @throws the first error among them; with `errors: "skip"` those without a value are left out instead
   */
  async gather<F extends Future<unknown>>(futures: Iterable<F>, options: GatherOptions = {}): Promise<Awaited<F>[]> {
    checkOptions("gather", options, gatherChecks);
    const values = Array.from(futures, (future) => future.result() as Promise<Awaited<F>>);
    if (options.errors !== "skip") return Promise.all(values);
    const settled = await Promise.allSettled(values);
    return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  /**
   * Puts values onto workers, so that many tasks can use them without sending them again.
   * @throws ClusterError NO_WORKERS, UNSENDABLE_VALUE, CONNECTION_LOST
   */
  scatter<T>(values: Iterable<T>, options: ScatterOptions = {}): Promise<Future<T>[]> {
    checkOptions("scatter", options, scatterChecks);
    return scatter([...values], options, { session: this.#session, links: this.#links, futures: this.#futures });
  }

  /** Resolves once nothing of them runs any more. Tasks that depend on them are cancelled too. */
  async cancel(futures: Futures, options: CancelOptions = {}): Promise<void> {
    checkOptions("cancel", options, cancelChecks);
    const { force = true, reason = "" } = options;
    const ids = this.#idsOf(futures);
    await this.#afterSubmissions((request) => ({ op: "cancel", request, futures: ids, force, reason }));
  }

  /**
   * Cancels all that a run has not ended, whoever submitted it; `run` is the name given to `submit`, or a flow run's id.
   * Resolves once nothing of it runs any more.
   */
  async cancelRun(run: string, options: CancelOptions = {}): Promise<void> {
    checkOptions("cancelRun", { run, ...options }, { run: isName, ...cancelChecks });
    const { force = true, reason = "" } = options;
    await this.#afterSubmissions((request) => ({ op: "cancel-run", request, run, force, reason }));
  }

  /**
   * Says what a run gets while slots are scarce, until this client is closed: `weight` (above 0, at most 1,000,000; default
   * 1) is its share relative to other runs', and it never holds more than `maxSlots` slots (default: no limit).
   */
  async shareRun(run: string, options: RunShareOptions = {}): Promise<void> {
    checkOptions("shareRun", { run, ...options }, shareChecks);
    const { weight = 1, maxSlots = 0 } = options;
    await this.#afterSubmissions((request) => ({ op: "share-run", request, run, weight, slotsMax: maxSlots }));
  }

  /** Runs failed tasks again, with the failed tasks that they depend on. */
  async retry(futures: Futures): Promise<void> {
    const ids = this.#idsOf(futures);
    await this.#afterSubmissions((request) => ({ op: "retry", request, futures: ids }));
  }

  /** The addresses of the workers that hold a result, by key; of these futures, or of all that this client holds. */
  async whoHas(futures?: Futures): Promise<Map<string, readonly string[]>> {
    const ids = futures === undefined ? undefined : this.#idsOf(futures);
    const found = await this.#afterSubmissions<WhoHas[]>((request) => ({ op: "who-has", request, futures: ids }));
    return new Map(found.map(({ key, addresses }) => [key, addresses]));
  }

  /**
   * Why a task does not run, or where it runs and since when, or how it ended, with each attempt's fate: a paragraph for
   * people, and the same in fields. By future, or by key whoever submitted it; a key that nobody knows gets state "unknown".
   */
  async explain(task: Future<unknown> | string): Promise<Explanation> {
    if (typeof task === "string") {
      checkOptions("explain", { key: task }, { key: isKey });
      return this.#session.request((request) => ({ op: "explain", request, key: task }));
    }
    const record = this.#futures.recordOf(task);
    if (record === undefined) throw unknownFuture(task);
    const { id: future, key } = record;
    const told = await this.#afterSubmissions<Explanation>((request) => ({ op: "explain", request, future, key }));
    return withOwnNews(told, record);
  }

  /**
   * Calls the listener with what happens on the cluster, in order and in batches, from now on. Resolves with a function that
   * ends it, once the last events have been told.
   */
  watch(options: WatchOptions, listener: EventListener): Promise<() => Promise<void>> {
    checkOptions("watch", options, watchChecks);
    return this.#watching.begin(options, listener);
  }

  /**
   * Runs `body`, and makes one HTML file of what the cluster did meanwhile, whoever asked it to; without a body, of what the
   * scheduler remembers. Returns it, and writes it to `path` if that is given, also if the body throws. `run`: only the
   * tasks of that run.
   * @throws ConfigurationError BAD_OPTION for a path that cannot be written; what `body` throws
   */
  performanceReport(path?: string, body?: () => unknown, { run }: { readonly run?: string } = {}): Promise<string> {
    const watch: Watch = (options, listener) => this.watch({ ...options, run }, listener);
    return reportOn(this.#session, watch, path, body);
  }

  /** The last lines that the scheduler, workers and tasks wrote, oldest first, as far as the scheduler keeps them. */
  logs(options: LogsOptions = {}): Promise<LogLine[]> {
    return askLogs(this.#session, options);
  }

  /** What the cluster is doing now: workers, runs, tasks by state. */
  info(): Promise<ClusterInfo> {
    return this.#session.request((request) => ({ op: "info", request }));
  }

  /**
   * Resolves once at least so many workers are there.
   * @throws ClusterError TIMED_OUT after `timeoutMs` (default: no limit)
   */
  async waitForWorkers(count: number, options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    checkOptions("waitForWorkers", { count, ...options }, { count: isCount, timeoutMs: isAmount });
    const there = this.#session.request((request) => ({ op: "wait-for-workers", request, count }));
    await withDeadline(there, options.timeoutMs, () => `${count} workers`);
  }

  /**
   * Runs a function once on each worker, outside scheduling and beside what runs there; the values by worker name.
   * @throws ClusterError naming the worker on which it failed; NO_WORKERS
   */
  runOnWorkers<Args extends readonly unknown[], Result>(
    task: Task<Args, Result>,
    args: NoInfer<readonly [...Args]>,
    options?: WorkersOption,
  ): Promise<Map<string, Awaited<Result>>>;
  runOnWorkers<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result,
    args?: NoInfer<readonly [...Args]>,
    options?: WorkersOption,
  ): Promise<Map<string, Awaited<Result>>>;
  async runOnWorkers(
    fn: Submittable,
    args: readonly unknown[] = [],
    options: WorkersOption = {},
  ): Promise<Map<string, unknown>> {
    checkOptions("runOnWorkers", options, workersChecks);
    return runOnWorkers(fn, args, options.workers ?? [], this.#session, this.#functions);
  }

  /** Lets workers hand over what only they hold, and ends them. Resolves with their names once they are gone. */
  async retireWorkers(workers: Iterable<string>): Promise<string[]> {
    const names = [...workers];
    checkOptions("retireWorkers", { names }, { names: isNames });
    return this.#session.request((request) => ({ op: "retire-workers", request, names }));
  }

  /**
   * Copies results, so that `count` workers hold each (or all there are). Resolves once they do; a future that is pending
   * is waited for.
   * @throws ConfigurationError BAD_OPTION for a count that is not a whole number above 0.
   */
  async replicate(futures: Futures, count: number): Promise<void> {
    checkOptions("replicate", { count }, { count: isNumberOfSome });
    const ids = this.#idsOf(futures);
    await this.#afterSubmissions((request) => ({ op: "copy", request, futures: ids, copies: count }));
  }

  /** Evens out what the workers store by moving results between them. Safe while tasks run. */
  async rebalance(): Promise<void> {
    await this.#afterSubmissions((request) => ({ op: "rebalance", request }));
  }

  /** Ends every task of every client and restarts all workers. Resolves once as many are back. */
  async restart(): Promise<void> {
    await this.#afterSubmissions((request) => ({ op: "restart", request }));
  }

  /** Everything pending rejects with CLOSED, and the cluster lets go of this client's results. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = this.#session.close();
    this.#end(this.#session.ended);
    await Promise.all([closed, this.#links.close()]);
  }

  /** Whatever was pending can never be told of again. */
  #end(error: ClusterError | undefined): void {
    if (error !== undefined) this.#futures.loseAll(error);
    this.#submissions.end();
    void this.#links.close();
  }

  #take(news: News): void {
    if (news.op === "accepted") this.#submissions.answered(news.submission);
    else if (news.op === "rejected") this.#submissions.answered(news.submission, news.error);
    else if (news.op === "events") this.#watching.take(news);
    else this.#futures.take(news);
  }

  /** Futures that were dropped meanwhile. Those that the rest of a graph needs look the same, and are released after it. */
  #resumed(kept: readonly FutureId[]): void {
    const dropped = kept.filter((future) => this.#futures.get(future) === undefined);
    if (dropped.length > 0) this.#release(dropped);
    this.#watching.resumed();
  }

  #release(futures: readonly FutureId[]): void {
    if (this.#session.ended !== undefined) return;
    this.#submissions.after(() => {
      this.#submissions.forget(futures);
      if (this.#session.ended === undefined) this.#session.send({ op: "release", futures });
    });
  }

  /** A request about futures must not overtake the submissions that make them. */
  #afterSubmissions<Value>(build: (request: number) => ClientToScheduler): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#submissions.after(() => this.#session.request<Value>(build).then(resolve, reject));
    });
  }

  #idsOf(futures: Futures): FutureId[] {
    const list = Symbol.iterator in futures ? [...futures] : [futures];
    return list.map((future) => {
      const record = this.#futures.recordOf(future);
      if (record === undefined) throw unknownFuture(future);
      return record.id;
    });
  }

  #refuseEnded(): void {
    if (this.#session.ended !== undefined) throw this.#session.ended;
  }
}
