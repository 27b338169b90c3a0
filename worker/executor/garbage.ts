import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Gives back the memory of what nobody refers to any more. V8 does so by itself as a program allocates, but one that
 * waits for memory does not allocate.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    // The function exists only in contexts that are made after the flag is set.
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
    setFlagsFromString("--no-expose-gc");
  }
  collect();
}
