import type { Reference } from "../../client/placeholder.ts";
import { ClusterError } from "../../protocol/errors.ts";
import type { Path } from "../place-values.ts";
import type { FlowNode, Target } from "./node.ts";

declare module "../../client/placeholder.ts" {
  interface Reference<out T> {
    /** Runs the task after these as well, without taking their results. Gives the same reference. */
    after(...upstream: readonly Reference<unknown>[]): this;
    /** A part of the result: `ref.at("rows")`, `ref.at(0)`. */
    at<Key extends keyof T & (string | number)>(key: Key): Reference<T[Key]>;
    /** Takes a result apart, `const [a, b] = split(x)`, where the task's option `nout` says into how many. */
    // biome-ignore lint/suspicious/noExplicitAny: the parts of a result have types of their own, which a tuple in the wrong place would lose.
    [Symbol.iterator](): IterableIterator<any>;
  }
}

/** What a call of a task gives while a flow is being built. */
export class NodeReference implements Target {
  readonly node: FlowNode;
  readonly item: Path;

  constructor(node: FlowNode, item: Path = []) {
    this.node = node;
    this.item = item;
  }

  after(...upstream: readonly unknown[]): this {
    if (this.node.kind === "parameter") throw badReference(this, "a parameter comes after nothing");
    for (const one of upstream) {
      if (!(one instanceof NodeReference)) throw badReference(this, "after() takes references to calls of tasks");
      this.node.after.add(one.node);
    }
    return this;
  }

  at(key: string | number): NodeReference {
    return new NodeReference(this.node, [...this.item, key]);
  }

  *[Symbol.iterator](): IterableIterator<NodeReference> {
    const nout = this.node.kind === "task" && this.item.length === 0 ? this.node.task.options.nout : undefined;
    if (nout === undefined) {
      throw badReference(
        this,
        "it has no values to go through yet; a task's option nout says into how many parts it can be taken apart",
      );
    }
    for (let index = 0; index < nout; index++) yield this.at(index);
  }

  [Symbol.toPrimitive](): never {
    throw badReference(this, "it has no value yet; pass it to a task that computes with it");
  }
}

function badReference(reference: NodeReference, reason: string): ClusterError {
  const what = reference.node.kind === "parameter" ? "the parameter" : "the call of task";
  return new ClusterError(
    "BAD_FLOW",
    `a flow is being built, and ${what} "${reference.node.name}" only stands for its result: ${reason}`,
  );
}

/** The type that users see: it knows the type of the result. */
export function typedReference<T>(reference: NodeReference): Reference<T> {
  return reference as unknown as Reference<T>;
}
