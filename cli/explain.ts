import type { Explanation } from "../protocol/explanation.ts";
import { formatDuration } from "../protocol/units.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import { findAddress, requireToken } from "./connection-settings.ts";
import { unlessInterrupted } from "./interruption.ts";
import { optional, perCall, setting, text, yes } from "./setting.ts";
import { table } from "./table.ts";
import { clientTlsSettings, readTls } from "./tls-settings.ts";

const settings = {
  key: perCall("<key>", "of the task, as futures, logs and errors name it", text, ""),
  address: optional("[address]", "of the scheduler, such as ws://127.0.0.1:8786", text),
  schedulerFile: optional("--scheduler-file <file>", "read the address from this file", text),
  tokenFile: optional("--token-file <file>", "file that holds the scheduler's token", text),
  ...clientTlsSettings,
  json: perCall("--json", "print everything as JSON, for programs", yes, false),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "explain",
  summary: "Say why a task does not run, or what became of it.",
  settings,
  examples: [
    ["muster explain inc-1 ws://127.0.0.1:8786", "what the task inc-1 waits for, or how it ended"],
    ["muster explain inc-1 ws://127.0.0.1:8786 --json", "the same, for a program to read"],
    ["muster explain inc-1 --scheduler-file s.json", "on the cluster whose address s.json holds"],
  ],
  logLevel: "warn",
  async run({ values, origins, signal, print }) {
    const patience = { timeoutMs: 0, signal };
    const tls = readTls(values);
    const address = await findAddress(values, origins, patience);
    const token = await requireToken(address, values.tokenFile, patience);
    const { Client } = await import("../client/client.ts");
    const client = await unlessInterrupted(Client.connect(address, { token, tls, name: "muster explain" }), signal);
    try {
      const explanation = await unlessInterrupted(client.explain(values.key), signal);
      if (values.json) print(JSON.stringify(explanation, null, 2));
      else for (const line of describe(explanation)) print(line);
      return explanation.state === "unknown" ? 1 : 0;
    } finally {
      await client.close();
    }
  },
};

/** `muster explain`: what is true of one task now; 1 when there is no such task. */
export const explainCommand: AnyCommand = command;

function describe({ paragraph, attempts }: Explanation): string[] {
  if (attempts.length === 0) return [paragraph];
  const ago = (ms: number | undefined): string => (ms === undefined ? "" : `${formatDuration(ms)} ago`);
  const rows = attempts.map(({ attempt, worker, fate, assignedAgoMs, startedAgoMs, endedAgoMs, message }) => [
    String(attempt),
    worker,
    fate,
    ago(assignedAgoMs),
    ago(startedAgoMs),
    ago(endedAgoMs),
    message.split("\n", 1)[0] ?? "",
  ]);
  return [paragraph, "", ...table(["attempt", "worker", "fate", "sent", "started", "ended", "message"], rows)];
}
