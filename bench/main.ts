// `npm run bench`: see docs/benchmarks.md. Exit code 1: something failed, or gave a wrong result; 2: bad usage.
import { join } from "node:path";
import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import { choose } from "./choose.ts";
import { type BenchOptions, readCommandLine } from "./command-line.ts";
import { describeEnvironment } from "./environment.ts";
import { type MicroResult, runMicro } from "./micro/micro.ts";
import { muster } from "./muster.ts";
import { writeOutputs } from "./outputs.ts";
import { manyWorkers } from "./own-clusters/many-workers.ts";
import { million } from "./own-clusters/million.ts";
import { scaleUp } from "./own-clusters/scale-up.ts";
import { dask } from "./peers/dask/dask.ts";
import { findPython } from "./peers/dask/python.ts";
import { limit } from "./peers/limit/limit.ts";
import { wsCopy } from "./peers/ws/ws-copy.ts";
import { runProfiled } from "./profile.ts";
import { environmentLines } from "./report/environment-lines.ts";
import { microTable, textTable } from "./report/text-table.ts";
import { runShapes } from "./run-shapes.ts";
import type { Session } from "./session.ts";
import { clusterShapes } from "./shapes/catalog.ts";
import type { Shape } from "./shapes/shape.ts";
import { zero } from "./zero-workers/zero.ts";

const allShapes: readonly Shape[] = [...clusterShapes, manyWorkers, million, scaleUp];

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

async function run(options: BenchOptions): Promise<void> {
  const chosen = choose("shape", options.only, [{ name: "micro" }, ...allShapes]);
  const shapes = allShapes.filter((shape) => chosen.includes(shape));
  const withMicro = chosen.some(({ name }) => name === "micro");
  const known = [dask(() => findPython(options.python, tell)), limit, zero];
  const peers = options.peers === undefined ? [] : choose("peer", options.peers, known);
  const environment = describeEnvironment();
  let micro: readonly MicroResult[] = [];
  if (withMicro) {
    tell("micro: parts by themselves");
    micro = await runMicro(options.quick);
  }
  const { results, versions } = await runShapes(shapes, [muster, wsCopy, ...peers], {
    quick: options.quick,
    onShape: ({ name, summary }) => tell(`${name}: ${summary}`),
  });
  const session: Session = {
    environment: { ...environment, versions: { ...environment.versions, ...versions } },
    quick: options.quick,
    micro,
    results,
  };
  for (const [name, value] of environmentLines(session)) print(`${name}: ${value}`);
  if (results.length > 0) print(["", ...textTable(results, options.quick)].join("\n"));
  if (micro.length > 0) print(["", ...microTable(micro)].join("\n"));
  const written = writeOutputs(session, options.out, options.results ? "bench" : undefined);
  print(`\nwrote ${written.join(", ")}`);
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    const options = readCommandLine(argv);
    if (options === undefined) return 0;
    if (options.profile) {
      const rest = argv.filter((argument) => argument !== "--profile");
      return await runProfiled(rest, join(options.out, "profiles"));
    }
    await run(options);
    return 0;
  } catch (error) {
    tell(`bench: ${error instanceof ClusterError ? error.message : String((error as Error).stack ?? error)}`);
    return error instanceof ConfigurationError ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
