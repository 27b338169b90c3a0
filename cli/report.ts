import type { AnyCommand, CliCommand } from "./command.ts";
import { requireAddress, requireToken } from "./connection-settings.ts";
import { unlessInterrupted } from "./interruption.ts";
import { optional, perCall, setting, text, yes } from "./setting.ts";
import { clientTlsSettings, readTls } from "./tls-settings.ts";

const settings = {
  address: optional("[address]", "of the scheduler, such as ws://127.0.0.1:8786", text),
  tokenFile: optional("--token-file <file>", "file that holds the scheduler's token", text),
  ...clientTlsSettings,
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
  async run({ values, signal, print }) {
    const address = requireAddress(values.address);
    const token = await requireToken(address, values.tokenFile, { timeoutMs: 0, signal });
    const { Client } = await import("../client/client.ts");
    const connecting = Client.connect(address, { token, name: "muster report", tls: readTls(values) });
    const client = await unlessInterrupted(connecting, signal);
    try {
      const { run, output } = values;
      const only = run === undefined ? {} : { run };
      await unlessInterrupted(client.performanceReport(output, undefined, only), signal);
      print(output);
    } finally {
      await client.close();
    }
    return 0;
  },
};

/** `muster report`: the performance report of a cluster, from what its scheduler remembers. */
export const reportCommand: AnyCommand = command;
