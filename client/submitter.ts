import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import type { FutureId } from "../protocol/ids.ts";
import type { EncodedValue, TaskRequest } from "../protocol/messages.ts";
import { encodeArguments } from "./arguments.ts";
import { Future } from "./future.ts";
import type { FutureTable } from "./future-table.ts";
import { GraphNode, type NodeSpec, neededFor } from "./graph.ts";
import type { PendingTask, Submissions } from "./submissions.ts";
import { nameOf, pureKey, requestOf, type SubmitOptions } from "./submit-options.ts";
import { isTask, type Submittable } from "./task.ts";

/** @throws ConfigurationError BAD_OPTION for a graph's node, which would be sent as an empty object. */
function futureBehind(object: object): Future<unknown> | undefined {
  if (!(object instanceof GraphNode)) return object instanceof Future ? object : undefined;
  throw new ConfigurationError(
    "BAD_OPTION",
    "a node of a graph is no argument of submit or map: add the call to the graph, or pass the future that client.compute(node) returns",
  );
}

interface Call {
  readonly id: FutureId;
  readonly fn: Submittable;
  readonly args: EncodedValue;
  /** Number and key of what each reference in the arguments stands for. */
  readonly deps: readonly { readonly id: FutureId; readonly key: string }[];
  readonly request: TaskRequest;
  readonly options: SubmitOptions;
  readonly wanted: boolean;
  readonly holds: readonly Future<unknown>[];
  readonly refusal?: Error;
}

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
    return this.#submit(fn, args, requestOf(fn, options), options ?? {});
  }

  map(fn: Submittable, items: Iterable<unknown>, options: SubmitOptions | undefined): Future<unknown>[] {
    refuseUncallable(fn, items, "the values to call it with, one each");
    const request = requestOf(fn, options);
    return Array.from(items, (item, index) => {
      const own = options?.key === undefined ? (options ?? {}) : { ...options, key: `${options.key}-${index}` };
      return this.#submit(fn, [item], request, own);
    });
  }

  /** One future for each target; everything that the targets need goes with them. */
  compute(targets: readonly NodeSpec[], options: SubmitOptions | undefined): Future<unknown>[] {
    const tasks: PendingTask[] = [];
    const placed = new Map<NodeSpec, { readonly id: FutureId; readonly key: string }>();
    const wanted = new Map<NodeSpec, Future<unknown> | undefined>(targets.map((target) => [target, undefined]));
    for (const spec of neededFor(targets)) {
      const merged = { ...options, ...spec.options };
      const id = this.#futures.nextId();
      const task = this.#task({
        id,
        fn: spec.fn,
        args: spec.args,
        deps: spec.deps
          .map((dep) => (dep instanceof Future ? this.#placeOf(dep) : placed.get(dep)))
          .filter((dep) => dep !== undefined),
        request: options === undefined ? spec.request : requestOf(spec.fn, merged),
        options: merged,
        wanted: wanted.has(spec),
        holds: spec.deps.filter((dep) => dep instanceof Future),
      });
      tasks.push(task);
      placed.set(spec, { id, key: this.#keyOf(task) });
      if (wanted.has(spec)) wanted.set(spec, this.#futures.create(id, this.#keyOf(task)).future);
    }
    this.#submissions.add(tasks);
    return targets.map((target) => wanted.get(target) as Future<unknown>);
  }

  #submit(fn: Submittable, args: readonly unknown[], request: TaskRequest, options: SubmitOptions): Future<unknown> {
    const id = this.#futures.nextId();
    const task = this.#task({ id, fn, request, options, wanted: true, ...this.#encode(fn, args) });
    this.#submissions.add([task]);
    return this.#futures.create(id, this.#keyOf(task)).future;
  }

  /** What is wrong with arguments is for the future to tell, like everything that depends on their values. */
  #encode(fn: Submittable, args: readonly unknown[]): Pick<Call, "args" | "deps" | "holds" | "refusal"> {
    try {
      const { args: encoded, deps } = encodeArguments(args, futureBehind);
      return { args: encoded, deps: deps.map((dep) => this.#placeOf(dep)), holds: deps };
    } catch (error) {
      return { args: [], deps: [], holds: [], refusal: unsendable(fn, error as Error) };
    }
  }

  #placeOf(future: Future<unknown>): { readonly id: FutureId; readonly key: string } {
    const record = this.#futures.recordOf(future);
    if (record !== undefined) return record;
    throw unknownFuture(future);
  }

  #task({ id, fn, args, deps, request, options, wanted, holds, refusal }: Call): PendingTask {
    const pure = options.pure ?? (isTask(fn) && fn.options.pure === true);
    const ownKey =
      options.key ??
      (pure
        ? pureKey(
            fn,
            args,
            deps.map(({ key }) => key),
          )
        : undefined);
    const run = options.run ?? this.#run;
    return { future: id, fn, args, deps: deps.map((dep) => dep.id), request, key: ownKey, wanted, run, refusal, holds };
  }

  /** The scheduler makes the same one of a task that was sent without. */
  #keyOf({ key, fn, future }: PendingTask): string {
    return key ?? `${nameOf(fn)}-${future}-${this.#prefix}`;
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
