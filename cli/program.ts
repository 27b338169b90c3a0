import { Command, CommanderError, Option } from "commander";
import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import type { AnyCommand } from "./command.ts";
import { readConfiguration } from "./configuration.ts";
import { Interruption } from "./interruption.ts";
import { createLog } from "./log.ts";
import { printable } from "./printable.ts";

/** Bad usage: the command line, the environment or the configuration file cannot be meant as they stand. */
const badUsage = 2;

/**
 * Runs one command line and gives its exit code: 0, 1 when the command fails, 2 for bad usage, 130 or 143 after a signal.
 * @param version is what `--version` prints.
 */
export async function runProgram(
  argv: readonly string[],
  commands: readonly AnyCommand[],
  version: string,
): Promise<number> {
  const interruption = new Interruption();
  let exitCode = 0;
  const program = new Command("muster")
    .description("Runs task graphs on a cluster of TypeScript workers.")
    .version(version)
    .exitOverride()
    // Commander's own message has two lines and no advice; `complaint` makes it one sentence.
    .configureOutput({ outputError: () => {} })
    .addHelpText("after", examplesOf(commands.flatMap((command) => command.examples.slice(0, 1))));
  for (const command of commands) {
    const sub = program.command(command.name).description(command.summary);
    for (const { flag, description } of Object.values(command.settings) as { flag: string; description: string }[]) {
      if (/^[<[]/.test(flag)) sub.argument(flag, description);
      else if (flag.endsWith("...>"))
        sub.option(flag.replace("...", ""), description, (value, all: string[] = []) => [...all, value]);
      else sub.addOption(optionOf(flag, description));
    }
    sub.addHelpText("after", examplesOf(command.examples));
    sub.action(async () => {
      exitCode = await runCommand(command, sub, commands, interruption.signal);
    });
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return interruption.exitCode ?? exitCode;
  } catch (error) {
    if (interruption.exitCode !== undefined && isCancellation(error)) return interruption.exitCode;
    const failure = failureOf(error, commands.find(({ name }) => name === argv[0])?.name);
    if (failure !== undefined) tell(failure, argv.includes("--json"));
    return exitCodeOf(error);
  }
}

/** To commander every `--no-…` switches something off; one that takes a value is named so by accident. */
function optionOf(flag: string, description: string): Option {
  const option = new Option(flag, description);
  if (option.required) option.negate = false;
  return option;
}

async function runCommand(
  command: AnyCommand,
  parsed: Command,
  commands: readonly AnyCommand[],
  signal: AbortSignal,
): Promise<number> {
  const { values, origins } = await readConfiguration(command.settings, {
    command: command.name,
    commands: Object.fromEntries(commands.map(({ name, settings }) => [name, settings])),
    given: givenOf(command, parsed),
    environment: process.env,
    directory: process.cwd(),
  });
  const log = createLog(values["quiet"] === true ? "error" : command.logLevel);
  const print = (text: string): void => void process.stdout.write(`${printable(text)}\n`);
  return command.run({ values, origins, log, signal, print, commands });
}

/** What stood on the command line, by the settings' keys; commander adds defaults of its own, such as for `--no-x`. */
function givenOf(command: AnyCommand, parsed: Command): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const key of Object.keys(command.settings)) {
    if (parsed.getOptionValueSource(key) === "cli") given[key] = parsed.getOptionValue(key);
  }
  for (const [index, argument] of parsed.registeredArguments.entries()) {
    if (parsed.args[index] !== undefined) given[argument.name()] = parsed.args[index];
  }
  return given;
}

function examplesOf(examples: AnyCommand["examples"]): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return `\nExamples:\n${examples.map(([line, meaning]) => `  $ ${line.padEnd(width)}  # ${meaning}`).join("\n")}`;
}

/** What went wrong, for people and, by its code, for programs. */
interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Undefined for what needs no word: help that was shown. */
function failureOf(error: unknown, command: string | undefined): Failure | undefined {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0 || error.code === "commander.help") return undefined;
    return { code: "BAD_OPTION", message: complaint(error, command) };
  }
  if (error instanceof ClusterError) return { code: error.code, message: error.message };
  return { code: "UNEXPECTED", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function tell({ code, message }: Failure, json: boolean): void {
  const text = json ? JSON.stringify({ error: { code, message } }) : `muster: ${message}`;
  process.stderr.write(`${printable(text)}\n`);
}

function exitCodeOf(error: unknown): number {
  // Help that was asked for is no error; help instead of a command is.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : badUsage;
  return error instanceof ConfigurationError ? badUsage : 1;
}

/** Commander's message is two lines, the second a guess at what was meant; here it becomes one sentence. */
function complaint(error: CommanderError, command: string | undefined): string {
  const [what = "", guess] = error.message.replace(/^error: /, "").split("\n");
  const sentence = what.replace(". Expected", ": expected").replace(/[.]$/, "");
  const meant = guess === undefined ? "" : ` ${guess.replace("(Did", "(did")}`;
  return `${sentence}${meant}; see "${command === undefined ? "muster" : `muster ${command}`} --help"`;
}

function isCancellation(error: unknown): boolean {
  return error instanceof ClusterError
    ? error.code === "CANCELLED"
    : (error as Error | undefined)?.name === "AbortError";
}
