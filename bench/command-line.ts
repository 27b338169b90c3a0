import { Command, CommanderError } from "commander";
import { ConfigurationError } from "../protocol/errors.ts";

export interface BenchOptions {
  readonly peers: string | undefined;
  readonly only: string | undefined;
  readonly quick: boolean;
  readonly python: string | undefined;
  readonly out: string;
  readonly results: boolean;
  readonly profile: boolean;
}

const help = `
Examples:
  $ npm run bench                                       # everything, Muster alone
  $ npm run bench -- --peers dask,limit                 # beside dask.distributed and the bare prototype
  $ npm run bench -- --only merge-10k,latency --quick   # to see that it works`;

/**
 * Reads the command line of `npm run bench`; undefined when it only asked for help, which was shown.
 * @throws ConfigurationError BAD_OPTION
 */
export function readCommandLine(argv: readonly string[]): BenchOptions | undefined {
  const command = new Command("npm run bench --")
    .description("Measures what tasks cost: the parts by themselves, and shapes of work end to end.")
    .option("--peers <names>", "also run on these, in turns: dask, limit, zero")
    .option("--only <shapes>", "only these shapes, or micro")
    .option("--quick", "small sizes, once: to see that it works, not how fast", false)
    .option("--python <file>", "interpreter that has dask.distributed (default: one is looked for, or installed)")
    .option("--out <folder>", "where results.json and results.html go", "bench/out")
    .option("--results", "also write the table of bench/RESULTS.md", false)
    .option("--profile", "write CPU profiles of every process and thread into the out folder", false)
    .addHelpText("after", help)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const [what = "", guess = ""] = error.message.replace(/^error: /, "").split("\n");
    throw new ConfigurationError("BAD_OPTION", [what, guess, "see npm run bench -- --help"].filter(Boolean).join("; "));
  }
  const { peers, only, ...rest } = command.opts<BenchOptions>();
  return { ...rest, peers, only };
}
