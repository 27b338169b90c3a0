import type { Client } from "../client/client.ts";
import type { ClusterEvent, LogLine } from "../protocol/record.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import { clusterSettings, withClient } from "./connect.ts";
import { interrupted } from "./interruption.ts";
import { describeLogLine } from "./log-lines.ts";
import { oneOf, perCall, setting, text, type Values, wholeNumber, yes } from "./setting.ts";

const levels = ["debug", "info", "warn", "error"] as const;

const settings = {
  ...clusterSettings,
  run: perCall<string | undefined>("--run <run>", "only what tasks of this run wrote", text, undefined),
  worker: perCall<string | undefined>("--worker <name>", "only of this worker and its tasks", text, undefined),
  task: perCall<string | undefined>("--task <key>", "only what this task wrote", text, undefined),
  level: perCall("--level <level>", "only what is at least debug, info, warn or error", oneOf(...levels), "debug"),
  limit: perCall("--limit <number>", "how many of the last lines (default: 1000)", wholeNumber(0, 100_000), 1_000),
  follow: perCall("--follow", "go on with what comes, until Ctrl-C", yes, false),
  json: perCall("--json", "print one JSON object a line, for programs", yes, false),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "logs",
  summary: "Show what the scheduler, workers and tasks wrote.",
  settings,
  examples: [
    ["muster logs ws://127.0.0.1:8786", "the last lines of all of them"],
    ["muster logs ws://127.0.0.1:8786 --task inc-1", "what one task wrote"],
    ["muster logs ws://127.0.0.1:8786 --run etl --level warn --follow", "what goes wrong in a run, as it comes"],
  ],
  logLevel: "warn",
  run(context) {
    const { values, signal, print, log } = context;
    const show = (line: LogLine): void => print(values.json ? JSON.stringify(line) : describeLogLine(line));
    return withClient("muster logs", context, async (client) => {
      if (!values.follow) {
        for (const line of await recent(client, values)) show(line);
        return 0;
      }
      // Both requests leave together, so that what comes begins where the past ends. It waits until that is shown.
      let early: LogLine[] | undefined = [];
      const watching = client.watch({ run: values.run }, (events) => {
        for (const line of linesOf(events, values, (sentence) => log.warn({}, sentence))) {
          if (early === undefined) show(line);
          else early.push(line);
        }
      });
      const [past] = await Promise.all([recent(client, values), watching]);
      for (const line of [...past, ...early]) show(line);
      early = undefined;
      await interrupted(signal);
      return 0;
    });
  },
};

/** `muster logs`: the lines that the scheduler keeps, and those that come. */
export const logsCommand: AnyCommand = command;

function recent(client: Client, { run, worker, task: key, level, limit }: Values<typeof settings>): Promise<LogLine[]> {
  return client.logs({ run, worker, key, level, limit });
}

/** The lines among events that were asked for. */
function linesOf(
  events: readonly ClusterEvent[],
  { run, worker, task, level }: Values<typeof settings>,
  onDropped: (sentence: string) => void,
): LogLine[] {
  return events.flatMap((event) => {
    if (event.kind === "dropped") onDropped("the connection was lost and is back: lines may be missing here");
    if (event.kind !== "log") return [];
    const { line } = event;
    const fits =
      (run === undefined || line.run === run) &&
      (worker === undefined || line.worker === worker) &&
      (task === undefined || line.key === task) &&
      levels.indexOf(line.level) >= levels.indexOf(level);
    return fits ? [line] : [];
  });
}
