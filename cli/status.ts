import { setTimeout as delay } from "node:timers/promises";
import type { ClusterInfo } from "../protocol/cluster-info.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import { clusterSettings, withClient } from "./connect.ts";
import { unlessInterrupted } from "./interruption.ts";
import { LiveBlock } from "./live-block.ts";
import { printable } from "./printable.ts";
import { perCall, setting, yes } from "./setting.ts";
import { describeStatus } from "./status-lines.ts";

const watchMs = 1_000;

const settings = {
  ...clusterSettings,
  watch: perCall("--watch", "show it again every second, until Ctrl-C", yes, false),
  json: perCall("--json", "print everything as JSON, for programs; with --watch, one line each time", yes, false),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "status",
  summary: "Show the workers, runs and tasks of a cluster.",
  settings,
  examples: [
    ["muster status ws://127.0.0.1:8786", "show its workers, runs and tasks"],
    ["muster status ws://127.0.0.1:8786 --watch", "the same, as it changes"],
    ["muster status ws://127.0.0.1:8786 --json", "the same, for a program to read"],
  ],
  logLevel: "warn",
  run(context) {
    const { values, signal, print } = context;
    return withClient("muster status", context, async (client, address) => {
      const show = printerOf(address, values.json, values.watch, print);
      show(await unlessInterrupted(client.info(), signal));
      while (values.watch) {
        await delay(watchMs, undefined, { signal });
        show(await unlessInterrupted(client.info(), signal));
      }
      return 0;
    });
  },
};

/** `muster status`: what a cluster is doing now. */
export const statusCommand: AnyCommand = command;

function printerOf(
  address: string,
  json: boolean,
  watch: boolean,
  print: (line: string) => void,
): (info: ClusterInfo) => void {
  if (json) return (info) => print(JSON.stringify(info, null, watch ? 0 : 2));
  if (!watch || !process.stdout.isTTY) {
    return (info) => {
      for (const line of describeStatus(address, info, Date.now())) print(line);
      if (watch) print("");
    };
  }
  const block = new LiveBlock({
    write: (text) => void process.stdout.write(text),
    columns: () => process.stdout.columns,
    rows: () => process.stdout.rows,
  });
  return (info) => block.draw(describeStatus(address, info, Date.now()).map(printable));
}
