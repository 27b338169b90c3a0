import type { NameColours } from "./colours.ts";
import { button, el } from "./dom.ts";
import { counted } from "./format.ts";
import type { StreamData } from "./stream-details.ts";

/** More names than this are not told apart by colour anyway. */
const namesMax = 14;

/** What the colours mean. A name's button searches for it. */
export function streamLegend(data: StreamData, colours: NameColours, search: (name: string) => void): HTMLElement[] {
  const { names, attempts, transfers, disk } = data;
  const entries: HTMLElement[] = names.slice(0, namesMax).map(({ name }) => {
    const swatch = el("span", { class: "swatch" });
    swatch.style.background = colours.of(name);
    return button(el("span", {}, swatch, name), () => search(name), {
      class: "entry",
      title: "Show these tasks alone",
    });
  });
  if (names.length > namesMax)
    entries.push(el("span", { class: "entry" }, `and ${counted(names.length - namesMax, "more name")}`));
  const has = (fate: number): boolean => attempts.fate.includes(fate);
  const meanings: readonly (readonly [boolean, string, string])[] = [
    [has(1), "failed", "failed"],
    [has(2), "cancelled", "cancelled"],
    [has(3), "lost", "lost with its worker"],
    [transfers.count > 0, "transfer", "transfer"],
    [disk.count > 0, "disk", "disk"],
  ];
  for (const [isThere, kind, meaning] of meanings) {
    if (isThere) entries.push(el("span", { class: "entry" }, el("span", { class: `swatch swatch-${kind}` }), meaning));
  }
  return entries;
}
