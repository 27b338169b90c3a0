import type { FlowRunContext } from "./flow-context.ts";
import type { Path } from "./place-values.ts";
import type { State } from "./states.ts";
import type { TriggerSpec } from "./triggers.ts";

/** An upstream task: its state or, if it was mapped, the states of its children. */
export interface Upstream<S = State> {
  readonly name: string;
  readonly mapped: boolean;
  readonly states: readonly S[];
}

/** A place in the arguments that takes a value from upstream. */
export interface Binding {
  readonly path: Path;
  /** Index into the request's `upstreams`. */
  readonly upstream: number;
  /** Which part of the upstream result is meant; empty: all of it. */
  readonly item: Path;
  /** A task that judges how its upstream tasks ended takes their states in place of their results. */
  readonly as: "value" | "state";
}

/** The options that a worker is told, since a flow may have set them by `with`. Those that are functions it finds itself. */
export interface SentOptions {
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly skipOnUpstreamSkip: boolean;
  readonly cacheForMs: number;
  readonly cacheKey?: string | undefined;
  readonly taskRunName?: string | undefined;
  /** Absent: the task's own trigger is a function, and is found with it. */
  readonly trigger?: TriggerSpec | undefined;
}

/**
 * All that the task runner needs to run one task of a flow, as plain data: it never sees the flow. `S` is State where the
 * task runs, and a state or the future of one where it is submitted.
 */
export interface TaskRunRequest<S = State> {
  readonly taskName: string;
  readonly mapIndex?: number | undefined;
  /** The arguments, with undefined where a binding belongs. */
  readonly args: readonly unknown[];
  readonly bindings: readonly Binding[];
  readonly upstreams: readonly Upstream<S>[];
  readonly options: SentOptions;
  /** How the run of this task before this one ended, if there was one. */
  readonly previous?: S | undefined;
  readonly context: FlowRunContext;
}
