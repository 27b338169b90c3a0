import { type Child, el } from "../dom.ts";

/** Terms and what they are, such as a worker's host. */
export function facts(...pairs: readonly (readonly [term: string, what: Child])[]): HTMLElement {
  return el("dl", { class: "facts" }, ...pairs.flatMap(([term, what]) => [el("dt", {}, term), el("dd", {}, what)]));
}
