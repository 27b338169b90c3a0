/** Numbers within names count as numbers: worker 2 comes before worker 10. */
export const collator: Intl.Collator = new Intl.Collator("en", { numeric: true });

/** How what was numbered by first appearance is ordered in the report. */
export interface Order {
  /** The number of each, in the report's order. */
  readonly numbers: readonly number[];
  /** Its place in that order, by number. */
  readonly places: Uint32Array;
  readonly texts: readonly string[];
}

interface Numbered {
  readonly text: string;
  readonly number: number;
}

export function orderOf(texts: readonly string[], compare: (a: Numbered, b: Numbered) => number): Order {
  const ordered = texts.map((text, number) => ({ text, number })).sort(compare);
  const places = new Uint32Array(texts.length);
  ordered.forEach(({ number }, place) => {
    places[number] = place;
  });
  return { numbers: ordered.map(({ number }) => number), places, texts: ordered.map(({ text }) => text) };
}
