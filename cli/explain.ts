import type { Explanation } from "../protocol/explanation.ts";
import { formatDuration } from "../protocol/units.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import { clusterSettings, withClient } from "./connect.ts";
import { unlessInterrupted } from "./interruption.ts";
import { perCall, setting, text, yes } from "./setting.ts";
import { table } from "./table.ts";

const settings = {
  key: perCall("<key>", "of the task, as futures, logs and errors name it", text, ""),
  ...clusterSettings,
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
  run(context) {
    const { values, signal, print } = context;
    return withClient("muster explain", context, async (client) => {
      const explanation = await unlessInterrupted(client.explain(values.key), signal);
      if (values.json) print(JSON.stringify(explanation, null, 2));
      else for (const line of describe(explanation)) print(line);
      return explanation.state === "unknown" ? 1 : 0;
    });
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
