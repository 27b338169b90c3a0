import type { ContenderKind } from "../bench/contender.ts";
import type { RunResults } from "../bench/run-shapes.ts";
import type { Shape } from "../bench/shapes/shape.ts";
import type { Client } from "../client/client.ts";
import { ClusterError } from "../protocol/errors.ts";
import type { AnyCommand, CliCommand, CommandContext } from "./command.ts";
import { clusterSettings, withClient } from "./connect.ts";
import { unlessInterrupted } from "./interruption.ts";
import { perCall, setting, text, yes } from "./setting.ts";

const settings = {
  ...clusterSettings,
  only: perCall<string | undefined>("--only <shapes>", "only these shapes, such as merge-10k,latency", text, undefined),
  peers: perCall<string | undefined>(
    "--peers <names>",
    "also run on these, on this machine: dask, limit",
    text,
    undefined,
  ),
  python: perCall<string | undefined>(
    "--python <file>",
    "interpreter that has dask.distributed (default: one is looked for, or installed)",
    text,
    undefined,
  ),
  quick: perCall("--quick", "small sizes, once: to see that it works, not how fast", yes, false),
  json: perCall("--json", "print everything as JSON, for programs", yes, false),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "bench",
  summary: "Measure what tasks cost on a cluster, or on a temporary one of this machine.",
  settings,
  examples: [
    ["muster bench ws://127.0.0.1:8786", "run every shape of work on this cluster"],
    ["muster bench ws://127.0.0.1:8786 --only merge-10k,latency --json", "two of them, for a program to read"],
    ["muster bench --peers dask", "on 2 workers × 1 thread of this machine, beside dask.distributed"],
  ],
  logLevel: "info",
  async run(context) {
    const { values, log, signal, print } = context;
    const [{ choose }, { clusterShapes }, { runShapes }, { textTable }] = await Promise.all([
      import("../bench/choose.ts"),
      import("../bench/shapes/catalog.ts"),
      import("../bench/run-shapes.ts"),
      import("../bench/report/text-table.ts"),
    ]);
    const chosen = choose("shape", values.only, clusterShapes);
    const peers = await peersOf(context);
    const runOn = (own: ContenderKind, shapes: readonly Shape[]): Promise<RunResults> =>
      runShapes(shapes, [own, ...peers], {
        quick: values.quick,
        onShape: ({ name, summary }) => log.info({}, `${name}: ${summary}`),
      });
    const found = await (isLocal(context)
      ? import("../bench/muster.ts").then(({ muster }) => unlessInterrupted(runOn(muster, chosen), signal))
      : withClient("muster bench", context, async (client) => {
          const shapes = await runnable(client, chosen, values.only !== undefined);
          const { onCluster } = await import("../bench/on-cluster.ts");
          const live = onCluster("muster", client, { computes: true, close: () => Promise.resolve() });
          return runOn({ name: "muster", runs: () => true, start: () => Promise.resolve(live) }, shapes);
        }));
    if (values.json) print(JSON.stringify({ quick: values.quick, ...found }, null, 2));
    else for (const line of textTable(found.results, values.quick)) print(line);
    return 0;
  },
};

/** `muster bench`: shapes of work on a live cluster. */
export const benchCommand: AnyCommand = command;

type Context = CommandContext<typeof settings>;

/** Nobody named a cluster. */
const isLocal = ({ values }: Context): boolean => values.address === undefined && values.schedulerFile === undefined;

async function peersOf({ values, log }: Context): Promise<readonly ContenderKind[]> {
  if (values.peers === undefined) return [];
  const [{ choose }, { dask }, { findPython }, { limit }] = await Promise.all([
    import("../bench/choose.ts"),
    import("../bench/peers/dask/dask.ts"),
    import("../bench/peers/dask/python.ts"),
    import("../bench/peers/limit/limit.ts"),
  ]);
  const python = (): Promise<string> => findPython(values.python, (line) => log.info({}, line));
  return choose("peer", values.peers, [dask(python), limit]);
}

/** What needs two workers is left out where there is but one, unless it was asked for. */
async function runnable(client: Client, shapes: readonly Shape[], asked: boolean): Promise<readonly Shape[]> {
  const { workers } = await client.info();
  if (workers.length === 0) {
    throw new ClusterError("NO_WORKERS", "the cluster has no workers, so there is nothing to measure: add some");
  }
  return asked || workers.length > 1 ? shapes : shapes.filter(({ name }) => name !== "transfer");
}
