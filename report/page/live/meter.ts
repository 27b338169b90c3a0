import { el } from "../dom.ts";

/** A part of a whole as a short bar, with what it is in words. */
export function meter(value: number, whole: number, text: string, isTight = false): HTMLElement {
  const fill = el("span", { class: isTight ? "fill tight" : "fill" });
  fill.style.width = `${whole > 0 ? Math.min(100, (value / whole) * 100) : 0}%`;
  return el("span", { class: "meter" }, el("span", { class: "track", "aria-hidden": "true" }, fill), text);
}
