/** The value of a series at each moment of a grid: the last that was measured; NaN before the first and after the last. */
export function resample(atMs: Float64Array, values: Float64Array, grid: Float64Array): Float64Array {
  let index = 0;
  const lastMs = atMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  const stepMs = (grid[1] ?? 0) - (grid[0] ?? 0);
  return grid.map((ms) => {
    while (index + 1 < atMs.length && (atMs[index + 1] as number) <= ms) index++;
    const isMeasured = atMs.length > 0 && ms + stepMs >= (atMs[0] as number) && ms <= lastMs + stepMs;
    return isMeasured ? (values[index] as number) : Number.NaN;
  });
}

/** Moments from the first to the last, no more than `most`. */
export function gridOf(series: readonly { readonly atMs: Float64Array }[], most: number): Float64Array {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  let longest = 0;
  for (const { atMs } of series) {
    firstMs = Math.min(firstMs, atMs[0] ?? firstMs);
    lastMs = Math.max(lastMs, atMs.at(-1) ?? lastMs);
    longest = Math.max(longest, atMs.length);
  }
  if (longest === 0) return new Float64Array(0);
  const count = Math.max(2, Math.min(most, longest));
  return Float64Array.from({ length: count }, (_, index) => firstMs + ((lastMs - firstMs) * index) / (count - 1));
}

/** At each index one number for all columns, such as their median; what is not known does not count. */
export function across(
  columns: readonly Float64Array[],
  length: number,
  combine: (sorted: Float64Array) => number,
): Float64Array {
  return Float64Array.from({ length }, (_, index) => {
    const known = columns.map((column) => column[index] as number).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : combine(Float64Array.from(known).sort());
  });
}
