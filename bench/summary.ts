import type { Figure, Sample } from "./shapes/shape.ts";

/** One figure over all repetitions. */
export interface Summary {
  readonly best: number;
  readonly median: number;
  readonly all: readonly number[];
}

/** @throws RangeError when a sample lacks the figure. */
export function summarize({ name, better }: Figure, samples: readonly Sample[]): Summary {
  const all = samples.map((sample) => {
    const value = sample[name];
    if (value === undefined) throw new RangeError(`a sample has no "${name}"`);
    return value;
  });
  const ascending = [...all].sort((a, b) => a - b);
  const best = better === "higher" ? ascending.at(-1) : ascending[0];
  if (best === undefined) throw new RangeError(`there is no sample of "${name}"`);
  return { best, median: medianOf(ascending), all };
}

function medianOf(ascending: readonly number[]): number {
  const middle = ascending.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [ascending[Math.ceil(middle) - 1], ascending[Math.floor(middle)]];
  return (low + high) / 2;
}

/** How many times as good as the other figure this one is. */
export function ratioOf({ better }: Figure, own: number, other: number): number {
  return better === "higher" ? own / other : other / own;
}
