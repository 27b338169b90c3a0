import type { AnyTask, TaskOptions } from "../../client/task.ts";
import { findTaskContext } from "../../protocol/task-context.ts";
import type { TaskDefinition } from "../../protocol/task-registry.ts";
import { type FlowTaskContext, withFlowContext } from "../flow-context.ts";
import type { TaskOfRun } from "../flow-task-options.ts";
import { callFailureHandler, callStateHandlers } from "../state-handlers.ts";
import { isFinished, isPending, isRunning, type Looped, pending, running, type State } from "../states.ts";
import type { TaskRunRequest } from "../task-run-request.ts";
import { allSuccessful, type Trigger, triggerOf } from "../triggers.ts";
import { type CachePolicy, checkCache, keepInCache } from "./cache.ts";
import { checkTrigger, checkUpstreamFinished, checkUpstreamSkipped } from "./checks.ts";
import { takeInputs } from "./inputs.ts";
import { checkForRetry } from "./retry.ts";
import { type Outcome, runFunction } from "./run-function.ts";
import { taskRunName } from "./task-run-name.ts";

/**
 * Runs one task of a flow, on the worker: plain data in, a state out, and the result stays in that state. The order of
 * the checks is fixed: upstream finished, upstream skipped, inputs, run name, cache, trigger, running, the function,
 * cache, retry, loop. (Whether a task is mapped is the flow runner's affair: what comes here is a child.)
 */
export class TaskRunner {
  readonly #request: TaskRunRequest;
  readonly #fn: TaskDefinition["fn"];
  readonly #options: TaskOptions;
  readonly #subject: TaskOfRun;
  readonly #runCount: number;
  #state: State;
  #loop: Looped | undefined;
  /** All rounds together; undefined while none was run. */
  #ranMs: number | undefined;

  constructor(definition: TaskDefinition, request: TaskRunRequest) {
    const { previous } = request;
    this.#request = request;
    this.#fn = definition.fn;
    this.#options = (definition.task as AnyTask).options;
    this.#subject = { name: request.taskName, mapIndex: request.mapIndex };
    this.#state = previous ?? pending();
    this.#runCount = (previous?.type === "Retrying" ? previous.runCount : 0) + 1;
    this.#loop = previous?.type === "Retrying" ? previous.loop : undefined;
  }

  async run(): Promise<State> {
    const state = await this.#run();
    return this.#ranMs === undefined ? state : { ...state, ranMs: this.#ranMs };
  }

  async #run(): Promise<State> {
    // A result that a worker took along when it died is made again, and may then be a better one than it was.
    if (isFinished(this.#state) || !isPending(this.#state)) return this.#state;
    // No change of state: the flow runner will submit the task again once its upstream tasks have ended.
    if (!checkUpstreamFinished(this.#request)) return this.#state;
    let args: readonly unknown[] = [];
    const early = await this.#guarded(() => {
      const skip = checkUpstreamSkipped(this.#request);
      if (skip !== undefined) return skip;
      args = takeInputs(this.#request);
      return (
        checkCache(this.#cachePolicy(), this.#cacheInputs(args), Date.now()) ??
        checkTrigger(this.#trigger(), this.#request)
      );
    });
    if (early !== undefined) return this.#end(early);
    await this.#change(running());
    // A handler may have put another state in its place.
    if (!isRunning(this.#state)) return this.#end(undefined);
    return this.#rounds(args);
  }

  /** Runs the function, and again as long as it throws LOOP. */
  async #rounds(args: readonly unknown[]): Promise<State> {
    const { options } = this.#request;
    for (;;) {
      const { state, thrown } = await this.#callFunction(args);
      keepInCache(this.#cachePolicy(), this.#cacheInputs(args), state, Date.now());
      await this.#change(state);
      const next = await this.#guarded(() =>
        checkForRetry(this.#state, {
          options,
          retryOn: this.#options.retryOn,
          runCount: this.#runCount,
          error: thrown,
          loop: this.#loop,
        }),
      );
      if (next !== this.#state && next !== undefined) await this.#change(next);
      if (this.#state.type !== "Looped") return this.#end(undefined);
      this.#loop = this.#state;
      findTaskContext()?.signal.throwIfAborted();
      await this.#change(running(`Round ${this.#state.loopCount + 1} of its loop.`));
    }
  }

  async #callFunction(args: readonly unknown[]): Promise<Outcome> {
    const request = this.#request;
    const loopCount = this.#loop?.loopCount ?? 0;
    const context: FlowTaskContext = {
      ...request.context,
      taskName: request.taskName,
      taskRunName: taskRunName(request.options.taskRunName, request.taskName, this.#fn, args),
      mapIndex: request.mapIndex,
      runCount: this.#runCount,
      loopCount,
      loopResult: this.#loop?.result,
    };
    const { retryDelayMs } = request.options;
    const startMs = performance.now();
    try {
      return await runFunction(() => withFlowContext(context, () => this.#fn(...args)), {
        runCount: this.#runCount,
        loopCount: loopCount + 1,
        retryDelayMs,
      });
    } finally {
      this.#ranMs = (this.#ranMs ?? 0) + performance.now() - startMs;
    }
  }

  /** Whatever goes wrong in a check (in a user's trigger, say) ends the task, and not the run. */
  async #guarded(check: () => State | undefined): Promise<State | undefined> {
    const { state, thrown } = await runFunction(check, { runCount: this.#runCount, loopCount: 1, retryDelayMs: 0 });
    return thrown === undefined && state.type === "Success" ? (state.result as State | undefined) : state;
  }

  async #change(state: State): Promise<void> {
    this.#state = await callStateHandlers(this.#options, this.#subject, this.#state, state);
  }

  async #end(state: State | undefined): Promise<State> {
    if (state !== undefined) await this.#change(state);
    return callFailureHandler(this.#options, this.#subject, this.#state);
  }

  #trigger(): Trigger {
    const { trigger } = this.#request.options;
    return trigger === undefined ? (this.#options.trigger ?? allSuccessful) : triggerOf(trigger);
  }

  #cachePolicy(): CachePolicy {
    const { cacheKey, cacheForMs } = this.#request.options;
    return { key: cacheKey ?? this.#request.taskName, forMs: cacheForMs, validator: this.#options.cacheValidator };
  }

  #cacheInputs(args: readonly unknown[]): { args: readonly unknown[]; parameters: Readonly<Record<string, unknown>> } {
    return { args, parameters: this.#request.context.parameters };
  }
}
