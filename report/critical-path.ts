/** Attempts that gave results, and which of them took results of which: `deps[row]` are rows. */
export interface DoneAttempts {
  /** Rows of attempts that count: the last done attempt of each task. */
  readonly rows: readonly number[];
  readonly deps: readonly (readonly number[])[];
  durationMs(row: number): number;
}

/** The rows of the chain whose durations sum to the most, first to last, and that sum. */
export function longestChain({ rows, deps, durationMs }: DoneAttempts): { rows: number[]; sumMs: number } {
  const sumsMs = new Map<number, number>();
  const before = new Map<number, number>();
  const entered = new Set<number>();
  let last: number | undefined;
  // A stack of its own, since a chain may be longer than the call stack is deep.
  const stack: number[] = [];
  for (const start of rows) {
    stack.push(start);
    while (stack.length > 0) {
      const row = stack.at(-1) as number;
      if (!entered.has(row)) {
        entered.add(row);
        // One that was entered and has no sum yet waits below on the stack: a circle, which no graph of tasks has.
        for (const dep of deps[row] ?? []) if (!entered.has(dep)) stack.push(dep);
        continue;
      }
      stack.pop();
      if (sumsMs.has(row)) continue;
      let longestMs = 0;
      for (const dep of deps[row] ?? []) {
        const sumMs = sumsMs.get(dep) ?? 0;
        if (sumMs <= longestMs && before.has(row)) continue;
        longestMs = Math.max(longestMs, sumMs);
        before.set(row, dep);
      }
      sumsMs.set(row, longestMs + durationMs(row));
      if (last === undefined || (sumsMs.get(row) ?? 0) > (sumsMs.get(last) ?? 0)) last = row;
    }
  }
  const chain: number[] = [];
  const onChain = new Set<number>();
  for (let row = last; row !== undefined && !onChain.has(row); row = before.get(row)) {
    onChain.add(row);
    chain.push(row);
  }
  return { rows: chain.reverse(), sumMs: last === undefined ? 0 : (sumsMs.get(last) ?? 0) };
}
