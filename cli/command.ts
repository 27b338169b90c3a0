import type { Logger } from "../protocol/logger.ts";
import type { Configuration } from "./configuration.ts";
import type { Settings } from "./setting.ts";

/** What a command works with, besides its configuration. */
export interface CommandContext<S extends Settings> extends Configuration<S> {
  readonly log: Logger;
  /** Aborts on Ctrl-C, SIGTERM and SIGHUP; everything that was started must then be gone within 5 seconds. */
  readonly signal: AbortSignal;
  /** Writes a line, or several, for people or programs to stdout; what could move a terminal's cursor is escaped. */
  readonly print: (text: string) => void;
  /** All that there are. */
  readonly commands: readonly AnyCommand[];
}

/** One subcommand of `muster`. It may load its heavy parts only once it runs, so that `--help` stays quick. */
export interface CliCommand<S extends Settings> {
  readonly name: string;
  readonly summary: string;
  /** By key; `"<file>"` or `"[address]"` as a flag makes a setting positional. */
  readonly settings: S;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [commandLine: string, meaning: string])[];
  /** The least level that is logged, unless `--quiet` is given. */
  readonly logLevel: "info" | "warn";
  /** Gives the exit code, or throws: `ConfigurationError` ends with 2, everything else with 1. */
  run(context: CommandContext<S>): Promise<number>;
}

// biome-ignore lint/suspicious/noExplicitAny: commands of different settings stand in one list.
export type AnyCommand = CliCommand<any>;
