import type { FutureId } from "../protocol/ids.ts";
import type { TaskRequest } from "../protocol/messages.ts";
import type { Future } from "./future.ts";
import type { FutureRecord } from "./future-record.ts";
import type { FutureTable } from "./future-table.ts";
import { NodeSpec, neededFor } from "./graph.ts";
import type { GraphPlan } from "./graph-tasks.ts";
import { defaultKeys, isPure, pureKey, requestOf, type SubmitOptions } from "./submit-options.ts";
import type { Submittable } from "./task.ts";

type RecordOf = (future: Future<unknown>) => FutureRecord;

/** What the nodes of one function that have no options of their own have in common. */
interface Common {
  readonly pure: boolean;
  readonly request: TaskRequest | undefined;
  readonly naming: (future: FutureId) => string;
}

/** Numbers what is needed for some nodes, in one look at each. `options` are for all of them; a node's own win. */
export class GraphPlanner {
  readonly #options: SubmitOptions | undefined;
  readonly #run: string;
  readonly #prefix: string;
  readonly #common = new Map<Submittable, Common>();

  constructor(options: SubmitOptions | undefined, run: string, prefix: string) {
    this.#options = options;
    this.#run = options?.run ?? run;
    this.#prefix = prefix;
  }

  /** Those of all nodes. */
  get fns(): Iterable<Submittable> {
    return this.#common.keys();
  }

  namingOf(fn: Submittable): (future: FutureId) => string {
    return this.#commonOf(fn).naming;
  }

  plan(targets: readonly NodeSpec[], futures: FutureTable, recordOf: RecordOf): GraphPlan {
    const nodes = neededFor(targets);
    let inputs = 0;
    for (const node of nodes) inputs += node.deps.length;
    const firstFuture = futures.nextIds(nodes.length);
    const deps = new Float64Array(inputs);
    const depStarts = new Uint32Array(nodes.length + 1);
    const dependents = new Uint32Array(nodes.length);
    const wanted = new Uint8Array(nodes.length);
    const keys: (string | undefined)[] = [];
    let end = 0;
    for (const node of nodes) {
      for (const dep of node.deps) {
        if (dep instanceof NodeSpec) {
          deps[end++] = firstFuture + dep.place;
          dependents[dep.place] = (dependents[dep.place] as number) + 1;
        } else deps[end++] = recordOf(dep).id;
      }
      depStarts[node.place + 1] = end;
      const key = this.#ownKeyOf(node, keys, firstFuture, recordOf);
      if (key !== undefined) keys[node.place] = key;
    }
    for (const { place } of targets) wanted[place] = 1;
    return {
      nodes,
      firstFuture,
      deps,
      depStarts,
      dependents,
      wanted,
      keys,
      requestOf: (node) => this.#requestOf(node),
      runOf: (node) => node.options?.run ?? this.#run,
    };
  }

  #ownKeyOf(
    node: NodeSpec,
    keys: readonly (string | undefined)[],
    firstFuture: FutureId,
    recordOf: RecordOf,
  ): string | undefined {
    const common = this.#commonOf(node.fn);
    if (node.options?.key !== undefined) return node.options.key;
    if (!(node.options?.pure ?? common.pure)) return undefined;
    const keyOf = (dep: NodeSpec | Future<unknown>): string => {
      if (!(dep instanceof NodeSpec)) return recordOf(dep).key;
      return keys[dep.place] ?? this.namingOf(dep.fn)((firstFuture + dep.place) as FutureId);
    };
    return pureKey(node.fn, node.args, node.deps.map(keyOf));
  }

  #requestOf(node: NodeSpec): TaskRequest {
    if (this.#options === undefined) return node.request;
    if (node.options === undefined) return this.#commonOf(node.fn).request ?? node.request;
    return requestOf(node.fn, { ...this.#options, ...node.options });
  }

  #commonOf(fn: Submittable): Common {
    const known = this.#common.get(fn);
    if (known !== undefined) return known;
    const common: Common = {
      pure: isPure(fn, this.#options),
      request: this.#options === undefined ? undefined : requestOf(fn, this.#options),
      naming: defaultKeys(fn, this.#prefix),
    };
    this.#common.set(fn, common);
    return common;
  }
}
