import { ClusterError } from "../protocol/errors.ts";
import type { Path } from "./place-values.ts";

/**
 * The part of a result that a reference means.
 * @throws ClusterError BAD_FLOW when there is no such part.
 */
export function itemAt(result: unknown, item: Path, taskName: string): unknown {
  let value = result;
  for (const [depth, step] of item.entries()) {
    if (value === null || value === undefined) {
      const place = item.slice(0, depth).map((part) => `[${JSON.stringify(part)}]`);
      throw new ClusterError(
        "BAD_FLOW",
        `the flow takes item ${JSON.stringify(step)} of the result of task "${taskName}", but result${place.join("")} is ${value}`,
      );
    }
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
