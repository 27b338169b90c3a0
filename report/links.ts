import { at } from "./cell.ts";
import type { DoneAttempts } from "./critical-path.ts";

/** For each task the last attempt that gave a result, and which rows each row takes results from. */
export interface Links extends Omit<DoneAttempts, "durationMs"> {
  /** The row whose result counts, by task. */
  readonly rowOf: ReadonlyMap<number, number>;
}

export function linksOf(
  task: Uint32Array,
  fate: Uint8Array,
  count: number,
  deps: readonly (readonly number[])[],
): Links {
  const attempts = new Map<number, number>();
  for (let row = 0; row < count; row++) if (fate[row] === 0) attempts.set(at(task, row), row);
  const rowsOf = (tasks: readonly number[]): number[] =>
    tasks.flatMap((dep) => {
      const row = attempts.get(dep);
      return row === undefined ? [] : [row];
    });
  return { rows: [...attempts.values()], rowOf: attempts, deps: deps.map(rowsOf) };
}
