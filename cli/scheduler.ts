import type https from "node:https";
import { ConfigurationError } from "../protocol/errors.ts";
import { serverTls, type TlsTexts } from "../protocol/tls.ts";
import { createToken, forgetToken, keepToken, readTokenFile } from "../protocol/token.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import { interrupted } from "./interruption.ts";
import { removeSchedulerFile, writeSchedulerFile } from "./scheduler-file.ts";
import { duration, optional, setting, text, wholeNumber, yes } from "./setting.ts";
import { readTls } from "./tls-settings.ts";

const settings = {
  host: setting("--host <address>", "address to listen on; 0.0.0.0 for all (default: 127.0.0.1)", text, "127.0.0.1"),
  port: setting("--port <number>", "0 takes any free port (default: 8786)", wholeNumber(0, 65_535), 8786),
  schedulerFile: optional("--scheduler-file <file>", "write the address to this file, for workers to find it", text),
  tokenFile: optional("--token-file <file>", "file that holds the token which clients and workers must show", text),
  idleTimeout: optional("--idle-timeout <duration>", "end once no client was connected for this long", duration),
  noWorkersTimeout: optional(
    "--no-workers-timeout <duration>",
    "fail a task that no connected worker could ever run after this long (default: never)",
    duration,
  ),
  allowedWorkerLosses: setting(
    "--allowed-worker-losses <number>",
    "how many workers may die under a task before it fails (default: 3)",
    wholeNumber(0),
    3,
  ),
  grace: setting(
    "--grace <duration>",
    "how long to keep everything for a worker or client that was cut off; 0 for not at all (default: 30s)",
    duration,
    30_000,
  ),
  workerTtl: setting(
    "--worker-ttl <duration>",
    "a worker that says nothing for so long, and at least for ten heartbeats, is lost (default: 30s)",
    duration,
    30_000,
  ),
  dashboard: setting("--no-dashboard", "serve no pages, HTTP API and metrics; only /health", yes, true),
  tlsCert: optional("--tls-cert <file>", "certificate (PEM): serve wss instead of ws", text),
  tlsKey: optional("--tls-key <file>", "the certificate's private key (PEM)", text),
  tlsCa: optional("--tls-ca <file>", "let in only those who show a certificate of this authority (PEM)", text),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "scheduler",
  summary: "Start a scheduler, for workers and clients to connect to.",
  settings,
  examples: [
    ["muster scheduler", "listen on this machine, port 8786"],
    ["muster scheduler --host 0.0.0.0 --token-file ./token", "listen on the network, guarded by the token in ./token"],
    ["muster scheduler --port 0 --scheduler-file s.json", "any free port; workers find it through s.json"],
  ],
  logLevel: "info",
  async run({ values, log, signal, print }) {
    const given = values.tokenFile === undefined ? process.env["MUSTER_TOKEN"] : readTokenFile(values.tokenFile);
    const token = given || createToken();
    const tls = tlsOf(readTls(values));
    const { SchedulerServer } = await import("../scheduler/server/scheduler-server.ts");
    const { host, port, dashboard, allowedWorkerLosses } = values;
    const server = await SchedulerServer.start({
      host,
      port,
      token,
      log,
      tls,
      dashboard,
      idleTimeoutMs: values.idleTimeout,
      noWorkersTimeoutMs: values.noWorkersTimeout,
      allowedWorkerLosses,
      graceMs: values.grace,
      workerTtlMs: values.workerTtl,
    });
    const kept = given ? [] : namesOf(server.address, host);
    try {
      const files = kept.map((address) => keepToken(address, token));
      if (files.length > 0) log.info({}, `the token is kept in ${files.join(" and ")}`);
      if (values.schedulerFile !== undefined) writeSchedulerFile(values.schedulerFile, server.address);
      print(`Scheduler at ${server.address}`);
      if (server.dashboardUrl !== undefined) print(`Dashboard at ${server.dashboardUrl}`);
      await Promise.race([interrupted(signal), server.closed]);
    } finally {
      // While the port is still ours: afterwards, another scheduler may keep its own token and file there.
      for (const address of kept) forgetToken(address);
      if (values.schedulerFile !== undefined) removeSchedulerFile(values.schedulerFile);
      await server.close({ reason: "the scheduler was stopped" });
    }
    return 0;
  },
};

/** `muster scheduler`: serves until it is told to end. */
export const schedulerCommand: AnyCommand = command;

/** A server on every interface is known to the network by one name, and to its own machine by another. */
function namesOf(address: string, host: string): string[] {
  if (host !== "0.0.0.0" && host !== "::") return [address];
  const local = new URL(address);
  local.hostname = "127.0.0.1";
  return [address, local.href];
}

function tlsOf(tls: TlsTexts | undefined): https.ServerOptions | undefined {
  const own = serverTls(tls);
  if (tls !== undefined && own === undefined) {
    const message = "--tls-ca alone does not make a scheduler serve wss: give --tls-cert and --tls-key, too";
    throw new ConfigurationError("BAD_OPTION", message);
  }
  return own;
}
