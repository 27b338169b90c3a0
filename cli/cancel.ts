import { didYouMean } from "./closest.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import { clusterSettings, withClient } from "./connect.ts";
import { perCall, setting, text, yes } from "./setting.ts";

const settings = {
  run: perCall("<run>", "its name, as `muster status` shows it, or a flow run's id", text, ""),
  ...clusterSettings,
  drain: perCall("--drain", "let what runs finish, and throw its results away", yes, false),
  reason: perCall("--reason <text>", "told to whoever waits for the results", text, "cancelled by muster cancel"),
  json: perCall("--json", "print what was cancelled as JSON, for programs", yes, false),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "cancel",
  summary: "End a run: whatever of it has not ended, whoever submitted it.",
  settings,
  examples: [
    ["muster cancel etl ws://127.0.0.1:8786", "stop what runs, and drop what waits"],
    ["muster cancel etl ws://127.0.0.1:8786 --drain", "let what runs finish first"],
  ],
  logLevel: "warn",
  run(context) {
    const { values, print } = context;
    return withClient("muster cancel", context, async (client) => {
      const { runs } = await client.info();
      const found = runs.find(({ run }) => run === values.run);
      if (found === undefined) {
        const guess = didYouMean(
          values.run,
          runs.map(({ run }) => run),
        );
        if (values.json) print(JSON.stringify({ run: values.run, found: false }));
        else print(`There is no run ${JSON.stringify(values.run)}${guess}; see "muster status".`);
        return 1;
      }
      await client.cancelRun(values.run, { force: !values.drain, reason: values.reason });
      const { run, waiting, running } = found;
      if (values.json) print(JSON.stringify({ run, found: true, waiting, running }, null, 2));
      else print(`Cancelled ${run}: ${waiting} waited, ${running} were on a worker.`);
      return 0;
    });
  },
};

/** `muster cancel`: ends a run; 1 when there is no such run. */
export const cancelCommand: AnyCommand = command;
