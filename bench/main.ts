// `npm run bench`: see docs/benchmarks.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import { choose } from "./choose.ts";
import { type BenchOptions, readCommandLine } from "./command-line.ts";
import type { Contender, ContenderKind } from "./contender.ts";
import { describeEnvironment } from "./environment.ts";
import { muster } from "./muster.ts";
import { manyWorkers } from "./own-clusters/many-workers.ts";
import { million } from "./own-clusters/million.ts";
import { scaleUp } from "./own-clusters/scale-up.ts";
import { dask } from "./peers/dask/dask.ts";
import { findPython } from "./peers/dask/python.ts";
import { limit } from "./peers/limit/limit.ts";
import { wsCopy } from "./peers/ws/ws-copy.ts";
import { textTable } from "./report/text-table.ts";
import { runShape, type ShapeResult } from "./run-shapes.ts";
import { clusterShapes } from "./shapes/catalog.ts";
import { zero } from "./zero-workers/zero.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

async function run(options: BenchOptions): Promise<void> {
  const shapes = choose("shape", options.only, [...clusterShapes, manyWorkers, million, scaleUp]);
  const peers =
    options.peers === undefined
      ? []
      : choose("peer", options.peers, [dask(() => findPython(options.python, tell)), limit, zero]);
  const kinds: readonly ContenderKind[] = [muster, wsCopy, ...peers];
  const environment = describeEnvironment();
  await using started = new AsyncDisposableStack();
  const contenders: Contender[] = [];
  for (const kind of kinds) {
    if (shapes.some((shape) => kind.runs(shape))) contenders.push(started.use(await kind.start()));
  }
  const results: ShapeResult[] = [];
  for (const shape of shapes) {
    tell(`${shape.name}: ${shape.summary}`);
    results.push(await runShape(shape, contenders, { quick: options.quick }));
  }
  for (const line of textTable(results)) print(line);
  const versions = Object.assign({}, environment.versions, ...contenders.map((one) => one.versions));
  mkdirSync(options.out, { recursive: true });
  const session = { environment: { ...environment, versions }, quick: options.quick, results };
  writeFileSync(join(options.out, "results.json"), `${JSON.stringify(session, null, 2)}\n`);
}

try {
  const options = readCommandLine(process.argv.slice(2));
  if (options !== undefined) await run(options);
} catch (error) {
  tell(error instanceof ClusterError ? `bench: ${error.message}` : String((error as Error).stack ?? error));
  process.exitCode = error instanceof ConfigurationError ? 2 : 1;
}
