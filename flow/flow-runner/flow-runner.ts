import type { FlowNode, ParameterNode, TaskNode } from "../builder/node.ts";
import type { ExecutorFuture } from "../executor.ts";
import { callFailureHandler, callStateHandlers, hasHandlers } from "../state-handlers.ts";
import { cancelled, isFinished, mapped, pending, type State, success } from "../states.ts";
import { summarize } from "../summary.ts";
import { planMapping } from "./mapping.ts";
import { type NodeRun, nodeRuns } from "./node-run.ts";
import { runInputs } from "./run-inputs.ts";
import { TaskAttempts, type TaskAttemptsOptions } from "./task-attempts.ts";
import { TaskRun, whenAllFinal } from "./task-run.ts";
import { makeWave } from "./wave.ts";
import { WorkCount } from "./work-count.ts";

export interface FlowRunnerOptions extends TaskAttemptsOptions {
  /** Nodes whose results are fetched before the executor stops. */
  readonly isFetched: (node: FlowNode) => boolean;
  /** States that tasks start with: a Resume for a paused one, a finished one for what need not run again. */
  readonly initialStates: ReadonlyMap<FlowNode, State>;
}

/**
 * Takes the tasks of a flow through one run. Every task is submitted as soon as what it depends on was submitted, with
 * futures in place of states: results stay where they are, and only summaries of states come back. A task whose upstream
 * turns out not to have ended (it is to be retried) is handed back unrun, and submitted again once upstream has ended.
 */
export class FlowRunner {
  readonly nodes: ReadonlyMap<FlowNode, NodeRun>;
  readonly #options: FlowRunnerOptions;
  readonly #work: WorkCount = new WorkCount();
  readonly #attempts: TaskAttempts;
  readonly #ready: NodeRun[] = [];
  #isStopped = false;

  constructor(order: readonly FlowNode[], options: FlowRunnerOptions) {
    this.#options = options;
    this.#attempts = new TaskAttempts(options, this.#work);
    this.nodes = nodeRuns(order, options.isFetched);
  }

  /** Resolves when nothing is left that would go on by itself. */
  async run(): Promise<void> {
    // The walk itself is work, so that a flow without tasks ends, too.
    this.#work.add((done) => {
      for (const node of this.nodes.values()) if (node.waitingFor === 0) this.#ready.push(node);
      this.#launchReady();
      done();
    });
    await this.#work.idle;
  }

  /** Submits nothing more and ends `run`. Tasks that have not ended are Cancelled. */
  stop(reason: string): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#attempts.stop();
    for (const node of this.nodes.values()) {
      const isUnmade = node.node.kind === "task" && node.runs.length === 0 && !node.hasChildren;
      if (isUnmade) node.runs = [new TaskRun(node, noInputs)];
      for (const run of node.runs) {
        if (!run.isFinal) this.#attempts.settle(run, cancelled(`The run was cancelled: ${reason}`), [], true);
      }
    }
    this.#work.end();
  }

  /** What has been submitted and has not ended. */
  get inFlight(): readonly ExecutorFuture<unknown>[] {
    return this.#attempts.inFlight;
  }

  #launchReady(): void {
    for (let next = this.#takeFirst(); next !== undefined; next = this.#takeFirst()) this.#launch(next);
  }

  /** In topological order, so that independent tasks are submitted as they were written. */
  #takeFirst(): NodeRun | undefined {
    if (this.#isStopped) return undefined;
    let first = 0;
    for (let index = 1; index < this.#ready.length; index++) {
      if ((this.#ready[index] as NodeRun).index < (this.#ready[first] as NodeRun).index) first = index;
    }
    return this.#ready.splice(first, 1)[0];
  }

  #launch(run: NodeRun): void {
    if (run.isLaunched) return;
    const { node } = run;
    const initial = this.#options.initialStates.get(node);
    if (node.kind === "parameter") this.#launchParameter(run, node);
    else if (initial !== undefined && isFinished(initial)) this.#launchEnded(run, initial);
    else if (run.isMapped) this.#launchMapped(run, node);
    else {
      const only = new TaskRun(run, runInputs(node, this.#runOf));
      only.previous = initial;
      run.runs = [only];
      this.#markLaunched([run]);
      this.#attempts.submit(only);
    }
  }

  #launchParameter(run: NodeRun, node: ParameterNode): void {
    const value = this.#options.context.parameters[node.name];
    this.#launchEnded(run, success("A parameter of the run.", value));
  }

  #launchEnded(run: NodeRun, state: State): void {
    const only = new TaskRun(run, noInputs);
    run.runs = [only];
    this.#markLaunched([run]);
    this.#attempts.settle(only, state, summarize(state, run.measures).lengths, true);
  }

  #launchMapped(run: NodeRun, node: TaskNode): void {
    const plan = planMapping(node, this.#runOf, this.#options.executor);
    if (plan.kind === "wait") {
      this.#work.add((done) =>
        whenAllFinal(plan.runs, () => {
          if (!this.#isStopped) this.#launchMapped(run, node);
          this.#launchReady();
          done();
        }),
      );
      return;
    }
    const state = plan.kind === "state" ? plan.state : mapped(plan.children.length);
    this.#withHandlers(node, pending(), state, (settled) => {
      if (plan.kind !== "children" || settled.type !== "Mapped") {
        this.#launchEnded(run, settled);
        return;
      }
      const wave = makeWave(run, plan, this.#runOf, this.#options.executor);
      for (const member of wave.nodes) this.#attempts.tell(member, undefined, mapped(member.runs.length));
      for (const member of wave.nodes) member.isLaunched = true;
      for (const child of wave.runs) this.#attempts.submit(child);
      this.#markLaunched(wave.nodes);
    });
  }

  /** Makes a change of a mapped task's own state, which its handlers may change; without any it costs nothing. */
  #withHandlers(node: TaskNode, before: State, state: State, next: (state: State) => void): void {
    const { options } = node.task;
    if (!hasHandlers(options)) {
      next(state);
      return;
    }
    this.#work.addAsync(async () => {
      const settled = await callStateHandlers(options, { name: node.name }, before, state);
      const last = await callFailureHandler(options, { name: node.name }, settled);
      if (this.#isStopped) return;
      next(last);
      this.#launchReady();
    });
  }

  #markLaunched(launched: readonly NodeRun[]): void {
    for (const run of launched) run.isLaunched = true;
    for (const run of launched) {
      for (const next of run.downstream) {
        next.waitingFor -= 1;
        if (next.waitingFor === 0 && !next.isLaunched) this.#ready.push(next);
      }
    }
  }

  readonly #runOf = (node: FlowNode): NodeRun => this.nodes.get(node) as NodeRun;
}

const noInputs = { args: [], bindings: [], upstreams: [] };
