import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import { type FutureId, futureId } from "../protocol/ids.ts";
import type { TaskRequest } from "../protocol/messages.ts";
import { type EncodedArguments, encodeArguments } from "./arguments.ts";
import { Future } from "./future.ts";
import type { FutureRecord, Naming } from "./future-record.ts";
import type { FutureTable } from "./future-table.ts";
import { GraphNode, type NodeSpec } from "./graph.ts";
import { GraphPlanner } from "./graph-plan.ts";
import { GraphTasks } from "./graph-tasks.ts";
import { nothing } from "./pending-task.ts";
import type { Submissions } from "./submissions.ts";
import { defaultKeys, isPure, nameOf, pureKey, requestOf, type SubmitOptions } from "./submit-options.ts";
import type { Submittable } from "./task.ts";

/** @throws ConfigurationError BAD_OPTION for a graph's node, which would be sent as an empty object. */
function futureBehind(object: object): Future<unknown> | undefined {
  if (!(object instanceof GraphNode)) return object instanceof Future ? object : undefined;
  throw new ConfigurationError(
    "BAD_OPTION",
    "a node of a graph is no argument of submit or map: add the call to the graph, or pass the future that client.compute(node) returns",
  );
}

/** What calls of one function with the same options have in common. */
interface Call {
  readonly fn: Submittable;
  readonly request: TaskRequest;
  readonly pure: boolean;
  readonly run: string;
  readonly naming: Naming;
}

const unencoded: EncodedArguments<never> = { args: [], deps: [] };

/** Turns calls into tasks to be sent, and futures for them. */
export class Submitter {
  readonly #futures: FutureTable;
  readonly #submissions: Submissions;
  readonly #prefix: string;
  readonly #run: string;

  /** `prefix` ends keys; `run` is that of what is submitted without one. */
  constructor(futures: FutureTable, submissions: Submissions, prefix: string, run: string) {
    this.#futures = futures;
    this.#submissions = submissions;
    this.#prefix = prefix;
    this.#run = run;
  }

  submit(fn: Submittable, args: readonly unknown[], options: SubmitOptions | undefined): Future<unknown> {
    refuseUncallable(fn, args, "an array of its arguments");
    return this.#submit(this.#callOf(fn, options, requestOf(fn, options)), args, options?.key);
  }

  map(fn: Submittable, items: Iterable<unknown>, options: SubmitOptions | undefined): Future<unknown>[] {
    refuseUncallable(fn, items, "the values to call it with, one each");
    const call = this.#callOf(fn, options, requestOf(fn, options));
    const futures: Future<unknown>[] = [];
    for (const item of items) {
      const key = options?.key === undefined ? undefined : `${options.key}-${futures.length}`;
      futures.push(this.#submit(call, [item], key));
    }
    return futures;
  }

  /** One future for each target; everything that the targets need goes with them. */
  compute(targets: readonly NodeSpec[], options: SubmitOptions | undefined): Future<unknown>[] {
    const planner = new GraphPlanner(options, this.#run, this.#prefix);
    const plan = planner.plan(targets, this.#futures, (future) => this.#recordOf(future));
    const futures = new Map<NodeSpec, Future<unknown>>();
    for (const target of targets) {
      if (futures.has(target)) continue;
      const id = futureId(plan.firstFuture + target.place);
      futures.set(target, this.#futures.create(id, plan.keys[target.place] ?? planner.namingOf(target.fn)).future);
    }
    this.#submissions.addGraph(new GraphTasks(plan), planner.fns);
    return targets.map((target) => futures.get(target) as Future<unknown>);
  }

  #callOf(fn: Submittable, options: SubmitOptions | undefined, request: TaskRequest): Call {
    return {
      fn,
      request,
      pure: isPure(fn, options),
      run: options?.run ?? this.#run,
      naming: defaultKeys(fn, this.#prefix),
    };
  }

  #submit(
    { fn, request, pure, run, naming }: Call,
    args: readonly unknown[],
    ownKey: string | undefined,
  ): Future<unknown> {
    const future = this.#futures.nextIds(1);
    let encoded: EncodedArguments<Future<unknown>> = unencoded;
    let deps: readonly FutureId[] = nothing;
    let key = ownKey;
    let refusal: Error | undefined;
    try {
      encoded = encodeArguments(args, futureBehind);
      const records = encoded.deps.map((dep) => this.#recordOf(dep));
      if (records.length > 0) deps = records.map(({ id }) => id);
      if (pure)
        key ??= pureKey(
          fn,
          encoded.args,
          records.map((record) => record.key),
        );
    } catch (error) {
      // What is wrong with arguments is for the future to tell, like everything that depends on their values.
      refusal = unsendable(fn, error as Error);
    }
    const { args: bytes, deps: holds } = encoded;
    this.#submissions.add({ future, fn, args: bytes, deps, request, key, wanted: true, run, refusal, holds });
    return this.#futures.create(future, key ?? naming).future;
  }

  #recordOf(future: Future<unknown>): FutureRecord {
    const record = this.#futures.recordOf(future);
    if (record !== undefined) return record;
    throw unknownFuture(future);
  }
}

function unsendable(fn: Submittable, error: Error): Error {
  if (!(error instanceof ClusterError) || error.code !== "UNSENDABLE_VALUE") return error;
  const message = `the arguments of "${nameOf(fn)}" cannot be sent: ${error.message}`;
  return new ClusterError(error.code, message, { cause: error, details: error.details });
}

export function unknownFuture(future: Future<unknown>): ClusterError {
  return new ClusterError(
    "UNKNOWN_FUTURE",
    `the future of "${future.key}" was released, or belongs to another client: keep it until it is no longer used, and use it with the client that made it`,
    { details: { key: future.key } },
  );
}

function refuseUncallable(fn: unknown, args: unknown, what: string): void {
  if (typeof fn !== "function") {
    throw new ConfigurationError("BAD_OPTION", `what is submitted should be a task or a function, not ${typeof fn}`);
  }
  if (typeof args !== "object" || args === null || !(Symbol.iterator in args)) {
    throw new ConfigurationError(
      "BAD_OPTION",
      `after the function comes ${what}, as in submit(${nameOf(fn as Submittable)}, [1])`,
    );
  }
}
