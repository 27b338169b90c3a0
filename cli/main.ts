#!/usr/bin/env node
import { version } from "../protocol/version.ts";
import { benchCommand } from "./bench.ts";
import { cancelCommand } from "./cancel.ts";
import { completionCommand } from "./completion.ts";
import { explainCommand } from "./explain.ts";
import { logsCommand } from "./logs.ts";
import { runProgram } from "./program.ts";
import { reportCommand } from "./report.ts";
import { runCommand } from "./run.ts";
import { schedulerCommand } from "./scheduler.ts";
import { statusCommand } from "./status.ts";
import { workerCommand } from "./worker.ts";

// A reader that has seen enough, such as `head`, closes our stdout: no reason to complain.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const commands = [
  schedulerCommand,
  workerCommand,
  runCommand,
  statusCommand,
  explainCommand,
  logsCommand,
  cancelCommand,
  reportCommand,
  benchCommand,
  completionCommand,
];
const exitCode = await runProgram(process.argv.slice(2), commands, version);

// What a user's flow file left open (a timer, a socket) must not keep the command from ending.
process.stdout.write("", () => process.exit(exitCode));
