import { fileURLToPath } from "node:url";
import type { ContenderKind } from "../../contender.ts";
import type { Sample, Shape } from "../../shapes/shape.ts";
import { LineProcess } from "../line-process.ts";

const program = fileURLToPath(new URL("./dask_peer.py", import.meta.url));

const families = new Set("merge tree chain shuffle map latency transfer bag groupby join sleepy".split(" "));

/** dask.distributed, with workers like ours: 2 processes × 1 thread. @param python Finds the interpreter to run it with. */
export function dask(python: () => Promise<string>): ContenderKind {
  const runs = ({ family }: Shape): boolean => families.has(family);
  return {
    name: "dask",
    runs,
    async start() {
      const { process, hello } = await LineProcess.start("dask", await python(), [program]);
      return {
        name: "dask",
        versions: (hello as { readonly versions: Record<string, string> }).versions,
        repetitions: (shape) => (runs(shape) ? shape.repetitions : 0),
        measure: async ({ family }, size) => (await process.ask({ family, size })) as Sample,
        [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
      };
    },
  };
}
