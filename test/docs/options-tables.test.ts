import { describe, expect, test } from "vitest";
import { benchCommand } from "../../cli/bench.ts";
import { cancelCommand } from "../../cli/cancel.ts";
import type { AnyCommand } from "../../cli/command.ts";
import { completionCommand } from "../../cli/completion.ts";
import { explainCommand } from "../../cli/explain.ts";
import { logsCommand } from "../../cli/logs.ts";
import { runCommand } from "../../cli/run.ts";
import { schedulerCommand } from "../../cli/scheduler.ts";
import { statusCommand } from "../../cli/status.ts";
import { workerCommand } from "../../cli/worker.ts";
import { resolveAdaptOptions } from "../../cluster/adapt-options.ts";
import { DockerCluster } from "../../cluster/docker/index.ts";
import { DeployedCluster } from "../../cluster/index.ts";
import { LocalCluster } from "../../cluster/local/index.ts";
import { Client, ClusterExecutor, flow, Graph, PoolExecutor, task } from "../../index.ts";
import { textOf } from "./pages.ts";

// Tables of options name exactly the options that the code takes.

/** What stands in backticks in the first column of the first table below a heading. */
function namesIn(page: string, heading: string): string[] {
  const [, section = ""] = textOf(page).split(`\n${heading}\n`);
  const table = /(?:^\|.*\n)+/m.exec(section)?.[0] ?? "";
  return table.split("\n").flatMap((row) => {
    const column = /^\| (`.*?`) \|/.exec(row)?.[1] ?? "";
    return Array.from(column.matchAll(/`([^`]+)`/g), ([, name]) => name as string);
  });
}

/** Every one of these refuses an option that it does not know, and says which it knows. */
async function knownTo(refuse: (options: object) => unknown): Promise<string[]> {
  try {
    await refuse({ surelyUnknown: 1 });
  } catch (error) {
    return /known are ([\w, ]+)/.exec((error as Error).message)?.[1]?.split(", ") ?? [];
  }
  throw new Error("an unknown option was accepted");
}

const idle = flow("idle", () => undefined);
const clusterStart = (options: object): unknown => LocalCluster.start(options);
const deploy = (options: object): unknown => DeployedCluster.deploy({ start: () => Promise.reject() }, options);
const addToGraph = (options: object): unknown => new Graph().add(() => 1, [], options);

describe("options", () => {
  test.each<[string, string, (options: object) => unknown]>([
    ["docs/flows.md", "## Options of a flow", (options) => flow("unknown", () => undefined, options)],
    ["docs/flows.md", "## Running", (options) => idle.run(options)],
    ["docs/futures.md", "## Connecting", (options) => Client.connect("ws://127.0.0.1:1", options)],
    ["docs/futures.md", "## Options", addToGraph],
    ["docs/executors.md", "## PoolExecutor", (options) => new PoolExecutor(options)],
    ["docs/executors.md", "## ClusterExecutor", (options) => new ClusterExecutor(options)],
    ["docs/clusters.md", "## A cluster on this machine", clusterStart],
    ["docs/clusters.md", "## Scaling with the work", resolveAdaptOptions],
    ["docs/clusters.md", "## In Docker containers", (options) => DockerCluster.start(options)],
    ["docs/deployers.md", "## DeployedCluster", deploy],
  ])("%s, %s", async (page, heading, refuse) => {
    expect(namesIn(page, heading).sort()).toEqual((await knownTo(refuse)).sort());
  });

  test("those of a task stand in two tables and, for external, in a section of its own", async () => {
    const forFlows = namesIn("docs/flows.md", "## Options of a task");
    const forAll = namesIn("docs/futures.md", "## Options").filter((name) => !["key", "run"].includes(name));
    const known = await knownTo((options) => task("unknown", () => 1, options));
    expect([...forFlows, ...forAll, "external"].sort()).toEqual(known.sort());
    expect(textOf("docs/code.md")).toContain("option `external:");
  });
});

describe("flags", () => {
  test.each<[string, AnyCommand]>([
    ["run", runCommand],
    ["scheduler", schedulerCommand],
    ["worker", workerCommand],
    ["status", statusCommand],
    ["explain", explainCommand],
    ["logs", logsCommand],
    ["cancel", cancelCommand],
    ["bench", benchCommand],
    ["completion", completionCommand],
  ])("muster %s", (name, command) => {
    const flags = (Object.values(command.settings) as { readonly flag: string }[]).map(({ flag }) => flag);
    const bare = (list: readonly string[]): string[] => list.map((flag) => flag.split(" ")[0] as string).sort();
    const documented = namesIn("docs/cli.md", `## muster ${name}`);
    expect(bare(documented)).toEqual(bare(flags.filter((flag) => flag.startsWith("--"))));
  });
});
