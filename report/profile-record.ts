import type { ProfileFrame } from "../protocol/record.ts";
import type { FlameTree } from "./report-data.ts";

/** More than a picture can show. What comes later is counted to its nearest caller that is there. */
const nodesMax = 20_000;

interface Node {
  readonly name: string;
  readonly place: string;
  readonly parent: number;
  readonly callees: Map<string, number>;
  selfMs: number;
}

/** Profiles of many processes, merged into one tree: calls are the same when their callers, name and place are. */
export class ProfileRecord {
  readonly #nodes: Node[] = [{ name: "all", place: "", parent: -1, callees: new Map(), selfMs: 0 }];
  dropped = 0;

  get isEmpty(): boolean {
    return this.#nodes.length === 1;
  }

  add(frames: readonly ProfileFrame[]): void {
    const merged: number[] = [];
    for (const { name, place, parent, selfMs } of frames) {
      const node = this.#callee(merged[parent] ?? 0, name, place);
      merged.push(node);
      (this.#nodes[node] as Node).selfMs += selfMs;
    }
  }

  tree(kind: FlameTree["kind"]): FlameTree {
    const nodes = this.#nodes;
    const selfMs = Float64Array.from(nodes, (node) => node.selfMs);
    const totalMs = selfMs.slice();
    for (let index = nodes.length - 1; index > 0; index--) {
      const { parent } = nodes[index] as Node;
      totalMs[parent] = (totalMs[parent] as number) + (totalMs[index] as number);
    }
    return {
      kind,
      count: nodes.length,
      parent: Int32Array.from(nodes, (node) => node.parent),
      name: nodes.map((node) => node.name),
      place: nodes.map((node) => node.place),
      selfMs,
      totalMs,
    };
  }

  #callee(caller: number, name: string, place: string): number {
    const { callees } = this.#nodes[caller] as Node;
    const call = `${name}\n${place}`;
    const known = callees.get(call);
    if (known !== undefined) return known;
    if (this.#nodes.length >= nodesMax) {
      this.dropped++;
      return caller;
    }
    this.#nodes.push({ name, place, parent: caller, callees: new Map(), selfMs: 0 });
    callees.set(call, this.#nodes.length - 1);
    return this.#nodes.length - 1;
  }
}
