import type { AnyCommand, CliCommand } from "./command.ts";
import { clusterSettings, withClient } from "./connect.ts";
import { unlessInterrupted } from "./interruption.ts";
import { perCall, setting, text, yes } from "./setting.ts";

const settings = {
  ...clusterSettings,
  output: perCall("--output <file>", "the HTML file to write (default: report.html)", text, "report.html"),
  run: perCall<string | undefined>("--run <run>", "only the tasks of this run (default: of all)", text, undefined),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "report",
  summary: "Write what a scheduler remembers as a performance report.",
  settings,
  examples: [
    ["muster report ws://127.0.0.1:8786", "write report.html, to look at in a browser"],
    ["muster report ws://127.0.0.1:8786 --run etl --output etl.html", "of one run"],
  ],
  logLevel: "warn",
  run(context) {
    const { values, signal, print } = context;
    const { run, output } = values;
    return withClient("muster report", context, async (client) => {
      const only = run === undefined ? {} : { run };
      await unlessInterrupted(client.performanceReport(output, undefined, only), signal);
      print(output);
      return 0;
    });
  },
};

/** `muster report`: the performance report of a cluster, from what its scheduler remembers. */
export const reportCommand: AnyCommand = command;
