import type { FlameTree } from "../report-data.ts";
import { button, el, nothing, put } from "./dom.ts";
import { duration, percent } from "./format.ts";

const rowHeight = 20;
/** Calls deeper than this, and narrower than this part of the picture, are not drawn until one zooms in. */
const depthMax = 48;
const partLeast = 0.0015;

/** Where time was spent: a call's width is its time, with what it called beneath. A click shows one call as the whole. */
export class FlameGraph {
  readonly element: HTMLElement = el("div", { class: "flame" });
  readonly #rows: HTMLElement = el("div", { class: "flame-rows" });
  readonly #said: HTMLElement = el("p", { class: "hint", "aria-live": "polite" });
  #tree: FlameTree | undefined;
  /** Of each node, by time. */
  #callees: readonly (readonly number[])[] = [];
  #root = 0;

  show(tree: FlameTree): void {
    this.#tree = tree;
    const callees: number[][] = Array.from({ length: tree.count }, () => []);
    for (let node = 1; node < tree.count; node++) callees[tree.parent[node] as number]?.push(node);
    for (const own of callees) own.sort((a, b) => (tree.totalMs[b] as number) - (tree.totalMs[a] as number));
    this.#callees = callees;
    if (this.#root >= tree.count) this.#root = 0;
    if ((tree.totalMs[0] ?? 0) <= 0) {
      this.element.replaceChildren(nothing("Nothing was sampled."));
      return;
    }
    put(this.element, this.#said, this.#rows);
    this.#draw();
  }

  #draw(): void {
    const tree = this.#tree as FlameTree;
    const wholeMs = tree.totalMs[this.#root] as number;
    const frames: HTMLElement[] = [];
    let deepest = 0;
    const put = (node: number, depth: number, left: number, part: number): void => {
      deepest = Math.max(deepest, depth);
      frames.push(this.#frame(tree, node, depth, left, part));
    };
    const callers: number[] = [];
    for (let node = this.#root; node > 0; node = tree.parent[node] as number)
      callers.unshift(tree.parent[node] as number);
    callers.forEach((node, depth) => {
      put(node, depth, 0, 1);
    });
    const visit = (node: number, depth: number, left: number): void => {
      const part = (tree.totalMs[node] as number) / wholeMs;
      if (part < partLeast || depth > callers.length + depthMax) return;
      put(node, depth, left, part);
      let at = left;
      for (const callee of this.#callees[node] ?? []) {
        visit(callee, depth + 1, at);
        at += (tree.totalMs[callee] as number) / wholeMs;
      }
    };
    visit(this.#root, callers.length, 0);
    this.#rows.style.height = `${(deepest + 1) * rowHeight}px`;
    this.#rows.replaceChildren(...frames);
    this.#say(tree, this.#root);
  }

  #frame(tree: FlameTree, node: number, depth: number, left: number, part: number): HTMLElement {
    const name = nameOf(tree, node);
    const frame = button(part > 0.02 ? name : "", () => this.#zoom(node), {
      class: `frame frame-${shadeOf(name)}${depth < this.#depthOf(tree) ? " caller" : ""}`,
      "aria-label": `${name}, ${duration(tree.totalMs[node] as number)}`,
    });
    frame.style.left = `${left * 100}%`;
    frame.style.width = `${part * 100}%`;
    frame.style.top = `${depth * rowHeight}px`;
    const say = (): void => this.#say(tree, node);
    frame.addEventListener("pointerenter", say);
    frame.addEventListener("focus", say);
    return frame;
  }

  #depthOf(tree: FlameTree): number {
    let depth = 0;
    for (let node = this.#root; node > 0; node = tree.parent[node] as number) depth++;
    return depth;
  }

  #zoom(node: number): void {
    this.#root = node;
    this.#draw();
  }

  #say(tree: FlameTree, node: number): void {
    const totalMs = tree.totalMs[node] as number;
    const place = tree.place.at(node) ?? "";
    const self = tree.selfMs[node] as number;
    const where = place === "" ? "" : ` (${place})`;
    this.#said.textContent = `${nameOf(tree, node)}${where}: ${duration(totalMs)}, ${percent(totalMs / (tree.totalMs[0] as number))} of all; ${duration(self)} in itself.`;
  }
}

function nameOf(tree: FlameTree, node: number): string {
  return tree.name.at(node) || "(anonymous)";
}

/** A name has the same shade wherever it is called. */
function shadeOf(name: string): number {
  let sum = 0;
  for (let index = 0; index < name.length; index++) sum = (sum * 31 + name.charCodeAt(index)) % 997;
  return sum % 5;
}
