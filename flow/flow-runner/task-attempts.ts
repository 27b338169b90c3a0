import type { Clock } from "../../protocol/clock.ts";
import { ClusterError, type ErrorCode } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { TaskNode } from "../builder/node.ts";
import type { Executor, ExecutorFuture, Submittable } from "../executor.ts";
import type { FlowRunContext } from "../flow-context.ts";
import { stateSummary } from "../own-tasks.ts";
import { callFailureHandler, callStateHandlers, describeError } from "../state-handlers.ts";
import {
  cancelled,
  failed,
  isFinished,
  isScheduled,
  pending,
  resume,
  type State,
  submitted,
  timedOut,
} from "../states.ts";
import { type Summary, summarize } from "../summary.ts";
import { checkForRetry } from "../task-runner/retry.ts";
import type { NodeRun } from "./node-run.ts";
import { requestFor, sentOptions, submitExtra, upstreamAttempts } from "./requests.ts";
import { type Attempt, type TaskRun, whenAllFinal } from "./task-run.ts";
import type { WorkCount } from "./work-count.ts";

/** What a change of a task's state is told with. */
export interface TaskStateChange {
  readonly task: string;
  /** Which child of a mapped task it is. */
  readonly mapIndex?: number | undefined;
  readonly state: State;
  /** How long its function ran, if it did and that was told. */
  readonly ranMs?: number | undefined;
}

export interface TaskAttemptsOptions {
  readonly executor: Executor;
  readonly context: FlowRunContext;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onTaskState: (change: TaskStateChange) => void;
}

/** Ends of a task that another try may mend; all others come again as surely as the first time. */
const worthRetrying: ReadonlySet<ErrorCode> = new Set([
  "TASK_FAILED",
  "TASK_TIMED_OUT",
  "TASK_EXITED",
  "TASK_OUT_OF_MEMORY",
  "WORKER_LOST",
]);

/**
 * Takes task runs from their submission to their end, through retries and through attempts that were handed back unrun
 * because upstream had not ended after all.
 */
export class TaskAttempts {
  readonly #options: TaskAttemptsOptions;
  readonly #work: WorkCount;
  readonly #timers = new Set<() => void>();
  readonly #inFlight = new Set<ExecutorFuture<unknown>>();
  #isStopped = false;

  constructor(options: TaskAttemptsOptions, work: WorkCount) {
    this.#options = options;
    this.#work = work;
  }

  /** What has been submitted and has not ended. */
  get inFlight(): readonly ExecutorFuture<unknown>[] {
    return [...this.#inFlight];
  }

  /** From now on nothing is submitted, and whatever comes of what was is ignored. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#timers) cancel();
  }

  /** Ends a task run. */
  settle(run: TaskRun, state: State, lengths: TaskRun["lengths"], isWhole: boolean, ranMs?: number): void {
    run.end(state, lengths, isWhole);
    this.tell(run.node, run.mapIndex, state, ranMs);
  }

  /** Tells whoever listens of a change. */
  tell({ node }: NodeRun, mapIndex: number | undefined, state: State, ranMs?: number): void {
    if (node.kind === "parameter") return;
    try {
      this.#options.onTaskState({ task: node.name, mapIndex, state, ranMs });
    } catch (error) {
      this.#options.log.error({ err: error, task: node.name }, "A listener to task states threw.");
    }
  }

  /** Hands a task to the executor, and sees to what comes of it. */
  submit(run: TaskRun): void {
    if (this.#isStopped || run.isFinal) return;
    const { executor, context } = this.#options;
    const upstream = upstreamAttempts(run);
    let future: ExecutorFuture<State> | undefined;
    let refusal: unknown;
    try {
      future = executor.submit(run.node.submittable, [requestFor(run, context)], submitExtra(run));
      this.#inFlight.add(future);
    } catch (error) {
      refusal = error;
    }
    let tellObserved = (): void => {};
    const observed = new Promise<void>((resolve) => {
      tellObserved = resolve;
    });
    const attempt: Attempt = { future, upstream, observed, rejected: future === undefined };
    run.current = attempt;
    run.state = submitted();
    this.tell(run.node, run.mapIndex, run.state);
    this.#work.addAsync(async () => {
      let summary: Summary | undefined;
      try {
        if (future === undefined) throw refusal;
        summary = await this.#observe(run, future);
      } catch (error) {
        attempt.rejected = true;
        refusal = error;
      }
      if (future !== undefined) this.#inFlight.delete(future);
      tellObserved();
      if (this.#isStopped) return;
      if (summary !== undefined) this.#takeSummary(run, summary);
      else await this.#takeRejection(run, attempt, refusal);
    });
  }

  /** Waits for the summary of a state, or for the state itself where its result is to be fetched anyway. */
  async #observe(run: TaskRun, future: ExecutorFuture<State>): Promise<Summary> {
    const { executor } = this.#options;
    const { measures, isFetched, node } = run.node;
    const whole = async (): Promise<Summary> => {
      const [state] = (await executor.wait([future])) as [State];
      return { state, lengths: summarize(state, measures).lengths };
    };
    if (isFetched || executor.holdsResults === true) return whole();
    const priority = ((node as TaskNode).task.options.priority ?? 0) + 1;
    const summary = executor.submit(summaryTask, [future, measures], { name: stateSummary.name, priority });
    this.#inFlight.add(summary);
    try {
      const [summed] = (await executor.wait([summary])) as [Summary];
      return summed;
    } catch {
      // Either the task gave no state, which this tells with its true reason, or only its summary was lost.
      return await whole();
    } finally {
      this.#inFlight.delete(summary);
    }
  }

  #takeSummary(run: TaskRun, { state: told, lengths }: Summary): void {
    // How long it ran belongs to this report of the state, and not to the state.
    const { ranMs, ...state } = told;
    const isWhole = run.node.isFetched || this.#options.executor.holdsResults === true;
    if (isFinished(state)) {
      this.settle(run, state, lengths, isWhole, ranMs);
      return;
    }
    run.state = state;
    this.tell(run.node, run.mapIndex, state, ranMs);
    if (isScheduled(state)) this.#takeScheduled(run, state, isWhole);
    else this.#submitAfterUpstream(run);
  }

  /** A task that is to run later; one that is paused for no given time stays as it is. */
  #takeScheduled(run: TaskRun, state: State, isWhole: boolean): void {
    const delayMs = "delayMs" in state ? state.delayMs : undefined;
    if (delayMs === undefined) {
      if (state.type === "Paused") return;
      this.submit(run);
      return;
    }
    if (state.type === "Retrying") {
      run.runCount = state.runCount;
      // The summary left out what the loop hands on; the future of the attempt has it.
      run.previous = state.loop === undefined || isWhole ? state : run.current?.future;
    } else {
      run.previous = resume();
    }
    this.#work.add((done) => {
      const cancel = this.#options.clock.schedule(delayMs, () => {
        this.#timers.delete(cancel);
        this.#work.guard(() => this.submit(run));
        done();
      });
      this.#timers.add(cancel);
    });
  }

  #submitAfterUpstream(run: TaskRun): void {
    const upstream = run.inputs.upstreams.flatMap(({ states }) => states);
    // Not counted as work: if upstream stays paused, the run has nothing more to do.
    whenAllFinal(upstream, () => this.#work.guard(() => this.submit(run)));
  }

  /** The executor gave no state: the code was stopped, its worker lost, its result unsendable, or upstream gave none. */
  async #takeRejection(run: TaskRun, attempt: Attempt, error: unknown): Promise<void> {
    await Promise.all(attempt.upstream.map((one) => one.observed));
    if (this.#isStopped) return;
    if (attempt.upstream.some((one) => one.rejected)) {
      this.#submitAfterUpstream(run);
      return;
    }
    const { task, name } = run.node.node as TaskNode;
    const subject = { name, mapIndex: run.mapIndex };
    const runCount = run.runCount + 1;
    let state = await callStateHandlers(task.options, subject, pending(), rejectedState(error));
    if (error instanceof ClusterError && worthRetrying.has(error.code)) {
      const retryOn = task.options.retryOn;
      const choice = { options: sentOptions(task.options), retryOn, runCount, error, loop: undefined };
      const next = checkForRetry(state, choice);
      if (next !== state) state = await callStateHandlers(task.options, subject, state, next);
    }
    state = await callFailureHandler(task.options, subject, state);
    if (this.#isStopped) return;
    if (isScheduled(state)) this.#takeSummary(run, { state, lengths: [] });
    else this.settle(run, state, summarize(state, run.node.measures).lengths, true);
  }
}

/** What a submitted task is typed as is the call of a flow's body; what it does here is the plain function. */
const summaryTask = stateSummary as unknown as Submittable<Summary>;

function rejectedState(error: unknown): State {
  const wire = toWireError(error);
  const message = describeError(wire);
  if (wire.code === "TASK_TIMED_OUT") return timedOut(message, wire);
  if (wire.code === "CANCELLED") return cancelled(message);
  return failed(message, wire);
}
