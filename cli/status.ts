import type { ClusterInfo } from "../protocol/cluster-info.ts";
import { formatBytes, formatDuration } from "../protocol/units.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import { requireAddress, requireToken } from "./connection-settings.ts";
import { unlessInterrupted } from "./interruption.ts";
import { optional, perCall, setting, text, yes } from "./setting.ts";
import { table } from "./table.ts";
import { clientTlsSettings, readTls } from "./tls-settings.ts";

const settings = {
  address: optional("[address]", "of the scheduler, such as ws://127.0.0.1:8786", text),
  tokenFile: optional("--token-file <file>", "file that holds the scheduler's token", text),
  ...clientTlsSettings,
  json: perCall("--json", "print everything as JSON, for programs", yes, false),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "status",
  summary: "Show the workers and tasks of a cluster.",
  settings,
  examples: [
    ["muster status ws://127.0.0.1:8786", "show its workers and tasks"],
    ["muster status ws://127.0.0.1:8786 --json", "the same, for a program to read"],
  ],
  logLevel: "warn",
  async run({ values, signal, print }) {
    const tls = readTls(values);
    const address = requireAddress(values.address);
    const token = await requireToken(address, values.tokenFile, { timeoutMs: 0, signal });
    const { Client } = await import("../client/client.ts");
    const connecting = Client.connect(address, { token, tls, name: "muster status" });
    const client = await unlessInterrupted(connecting, signal);
    try {
      const info = await unlessInterrupted(client.info(), signal);
      if (values.json) print(JSON.stringify(info, null, 2));
      else for (const line of describe(address, info, Date.now())) print(line);
    } finally {
      await client.close();
    }
    return 0;
  },
};

/** `muster status`: what a cluster is doing now. */
export const statusCommand: AnyCommand = command;

function describe(address: string, info: ClusterInfo, nowMs: number): string[] {
  const { tasks, workers } = info;
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const up = formatDuration(nowMs - Date.parse(info.startedAt));
  const waiting = tasks.waiting + tasks.queued + tasks["no-worker"];
  return [
    `${address}  muster ${info.version}, up ${up}, ${count(info.clients, "client")}`,
    `${count(workers.length, "worker")} with ${count(slots, "slot")}; tasks: ${waiting} waiting, ${tasks.processing} assigned, ${tasks.memory} finished, ${tasks.erred} failed`,
    ...(tasks["no-worker"] > 0 ? [`${count(tasks["no-worker"], "task")} that no worker may run`] : []),
    ...(workers.length === 0 ? [`start one: muster worker ${address}`] : ["", ...workerTable(workers)]),
  ];
}

function workerTable(workers: ClusterInfo["workers"]): string[] {
  const rows = workers.map((worker) => [
    worker.name,
    worker.address,
    worker.status,
    `${worker.running}/${worker.slots}`,
    String(worker.assigned),
    String(worker.stored),
    worker.memoryLimitBytes > 0
      ? `${formatBytes(worker.memoryBytes)} of ${formatBytes(worker.memoryLimitBytes)}`
      : formatBytes(worker.memoryBytes),
  ]);
  return table(["worker", "address", "status", "running", "assigned", "results", "memory"], rows);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
