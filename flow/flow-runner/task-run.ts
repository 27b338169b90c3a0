import type { ExecutorFuture } from "../executor.ts";
import { pending, type State } from "../states.ts";
import type { Length } from "../summary.ts";
import type { Binding, Upstream } from "../task-run-request.ts";
import type { NodeRun } from "./node-run.ts";

/** One submission of a task. */
export interface Attempt {
  readonly future: ExecutorFuture<State> | undefined;
  /** Attempts of upstream tasks whose futures it waits for. */
  readonly upstream: readonly Attempt[];
  /** Settles (never rejects) once the flow runner knows how it ended. */
  readonly observed: Promise<void>;
  /** Its future gave no state: the code was stopped, or its worker lost. */
  rejected: boolean;
}

/** What a task run gets from upstream, fixed when the task run is made. */
export interface RunInputs {
  readonly args: readonly unknown[];
  readonly bindings: readonly Binding[];
  readonly upstreams: readonly Upstream<UpstreamRun>[];
}

/** What a task run depends on. */
export interface UpstreamRun {
  readonly node: NodeRun;
  /** What it hands downstream: a state, or the future of one. */
  readonly handle: State | ExecutorFuture<State>;
  readonly current: Attempt | undefined;
  readonly isFinal: boolean;
  /** Calls back once it is final; at once if it is. */
  onFinal(waiter: () => void): void;
}

/** One task that is to run: a task that is not mapped, or a child of one that is. */
export class TaskRun implements UpstreamRun {
  readonly node: NodeRun;
  readonly mapIndex: number | undefined;
  readonly inputs: RunInputs;
  /** As far as the flow runner knows. Without the result, unless `isWhole`. */
  state: State = pending();
  isWhole = false;
  isFinal = false;
  /** How long the lists in its result are, as the node's measures ask. */
  lengths: readonly Length[] = [];
  current: Attempt | undefined;
  /** How many times its function has run and failed. */
  runCount = 0;
  /** What it is handed of the attempt before. */
  previous: State | ExecutorFuture<State> | undefined;
  /** Called once it is final. */
  readonly #waiters: (() => void)[] = [];

  constructor(node: NodeRun, inputs: RunInputs, mapIndex?: number) {
    this.node = node;
    this.inputs = inputs;
    this.mapIndex = mapIndex;
  }

  /**
   * What a downstream task is handed: the future of the last attempt, so that a result stays where it lies even if it was
   * fetched, and the state itself where there is no such future.
   */
  get handle(): State | ExecutorFuture<State> {
    const { current } = this;
    return current?.future === undefined || current.rejected ? this.state : current.future;
  }

  end(state: State, lengths: readonly Length[], isWhole: boolean): void {
    this.state = state;
    this.lengths = lengths;
    this.isWhole = isWhole;
    this.isFinal = true;
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  onFinal(waiter: () => void): void {
    if (this.isFinal) waiter();
    else this.#waiters.push(waiter);
  }
}

/** Calls back once all of these are final; at once if they are. */
export function whenAllFinal(runs: readonly UpstreamRun[], callback: () => void): void {
  const open = runs.filter((run) => !run.isFinal);
  let left = open.length;
  if (left === 0) callback();
  for (const run of open) {
    run.onFinal(() => {
      left -= 1;
      if (left === 0) callback();
    });
  }
}
