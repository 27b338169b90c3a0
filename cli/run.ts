import { statSync } from "node:fs";
import type { Executor } from "../flow/executor.ts";
import { assertNever, ConfigurationError } from "../protocol/errors.ts";
import type { Logger } from "../protocol/logger.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import type { Origin } from "./configuration.ts";
import { requireAddress, requireToken } from "./connection-settings.ts";
import { loadFlow } from "./flow-file.ts";
import { Progress } from "./progress.ts";
import { oneOf, optional, parameters, perCall, setting, text, type Values, yes } from "./setting.ts";
import { SharedTerminal } from "./shared-terminal.ts";
import { clientTlsSettings, readTls } from "./tls-settings.ts";

const settings = {
  file: perCall("<file>", "that exports the flow (.ts, .mts, .js or .mjs)", text, ""),
  name: perCall<string | undefined>("--name <flow>", "which flow to run, if the file has several", text, undefined),
  param: perCall("--param <name=value...>", "a parameter of the flow; JSON where it parses, else text", parameters, {}),
  executor: optional(
    "--executor <kind>",
    "local, threads, processes or cluster (default: the flow's own)",
    oneOf("local", "threads", "processes", "cluster"),
  ),
  address: optional("--address <address>", "run on the cluster of this scheduler", text),
  tokenFile: optional("--token-file <file>", "file that holds that scheduler's token", text),
  report: perCall<string | undefined>(
    "--report <file>",
    "write a performance report (HTML) when the run ends",
    text,
    undefined,
  ),
  ...clientTlsSettings,
  quiet: setting("--quiet", "no progress, and log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "run",
  summary: "Run a flow from a file.",
  settings,
  examples: [
    ["muster run flow.ts", "with the executor that the flow names"],
    ["muster run flow.ts --param month=3 --param 'airports=[\"SFO\"]'", "with other parameters"],
    ["muster run flow.ts --address ws://127.0.0.1:8786", "on a cluster that is there already"],
    ["muster run flow.ts --report report.html", "and write what its time went into, to look at in a browser"],
    ["muster run flows.ts --name etl --executor threads", "one of several flows, on this machine's cores"],
  ],
  logLevel: "warn",
  async run({ values, origins, log, signal }) {
    const flow = await loadFlow(values.file, values.name);
    const executor = await executorFor(values, origins, signal);
    const startedMs = Date.now();
    const terminal = new SharedTerminal();
    const progress = new Progress(terminal, values.quiet, () => performance.now());
    terminal.share(progress);
    try {
      const state = await flow.run({
        parameters: values.param,
        executor,
        signal,
        logger: log,
        onTaskState: (change) => progress.change(change),
        performanceReportPath: values.report,
      });
      progress.end(flow.name, state.data, writtenReport(values.report, startedMs, log));
      return state.isSuccessful() ? 0 : 1;
    } finally {
      progress.hide();
      terminal.unshare();
    }
  },
};

/** `muster run`: one flow from a file, to its end. */
export const runCommand: AnyCommand = command;

/** The report that was asked for, if there is one: executors of a user's own may not write any. */
function writtenReport(path: string | undefined, startedMs: number, log: Logger): string | undefined {
  if (path === undefined) return undefined;
  // A file system may keep times in whole seconds.
  const isNew = (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= startedMs - 1_000;
  if (isNew) return path;
  log.warn({ report: path }, "no performance report was written: the flow's executor does not make any");
  return undefined;
}

/** Undefined leaves it to the flow. */
async function executorFor(
  values: Values<typeof settings>,
  origins: { readonly executor: Origin; readonly address: Origin },
  signal: AbortSignal,
): Promise<Executor | undefined> {
  const kind = kindFor(values, origins);
  switch (kind) {
    case undefined:
      return undefined;
    case "local":
      return new (await import("../flow/executors/local-executor.ts")).LocalExecutor();
    case "threads":
    case "processes":
      return new (await import("../flow/executors/pool-executor.ts")).PoolExecutor({ scheduler: kind });
    case "cluster": {
      const { ClusterExecutor } = await import("../flow/executors/cluster-executor.ts");
      if (values.address === undefined) return new ClusterExecutor();
      const tls = readTls(values);
      const address = requireAddress(values.address);
      const token = await requireToken(address, values.tokenFile, { timeoutMs: 0, signal });
      return new ClusterExecutor({ address, clientOptions: { token, tls } });
    }
    default:
      return assertNever(kind);
  }
}

/** An address asks for a cluster, unless a source that is at least as near asks for something else. */
function kindFor(
  { executor, address }: Values<typeof settings>,
  origins: { readonly executor: Origin; readonly address: Origin },
): Values<typeof settings>["executor"] {
  if (address === undefined || executor === "cluster") return executor;
  if (executor === undefined || origins.address === origins.executor) {
    if (executor === undefined) return "cluster";
    const message = `an address asks for a cluster, but the executor is ${executor}: leave one of the two out`;
    throw new ConfigurationError("BAD_OPTION", message);
  }
  const nearness: readonly Origin[] = ["default", "file", "environment", "command line"];
  return nearness.indexOf(origins.address) > nearness.indexOf(origins.executor) ? "cluster" : executor;
}
