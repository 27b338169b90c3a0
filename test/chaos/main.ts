// `npm run test:chaos -- [--minutes N] [--seed S] [--pause MS] [--patience S]`: strikes for N minutes (default 1), MS between
// two faults on average (1,500); a hang is when no result was right or wrong for S seconds (120). Ctrl-C ends it early.
// Exit code 1: a wrong result, 2: a hang, 3: something is left, 4: the scheduler ended or another error came.
import { parseArgs } from "node:util";
import { Family } from "../e2e/family.ts";
import { eventually } from "../eventually.ts";
import { Leftovers, runChaos } from "./run-chaos.ts";
import { Hang } from "./watchdog.ts";

const exitCodes = { wrong: 1, hang: 2, leftovers: 3, broken: 4, usage: 64 } as const;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function numberOf(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  print(`--${name} must be a number above 0`);
  process.exit(exitCodes.usage);
}

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { minutes: text, seed: text, pause: text, patience: text } });
const minutes = numberOf("minutes", values.minutes, 1);
const seed = numberOf("seed", values.seed, 1 + (Date.now() % 2 ** 27));
const meanPauseMs = numberOf("pause", values.pause, 1_500);
const patienceMs = 1_000 * numberOf("patience", values.patience, 120);

print(`seed ${seed}; again with: npm run test:chaos -- --minutes ${minutes} --seed ${seed}`);
const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());
const family = new Family();
process.exitCode = await run();
family.end();

async function run(): Promise<number> {
  try {
    const { signal } = interruption;
    const tally = await runChaos({ seed, durationMs: minutes * 60_000, meanPauseMs, patienceMs, print, signal });
    await eventually("the end of what was started", () => family.members().length === 0, 30_000).catch(() => {
      throw new Leftovers(`left behind:\n  ${family.members().join("\n  ")}`);
    });
    print(`${tally}`);
    for (const line of tally.wrong.slice(0, 20)) print(`WRONG ${line}`);
    return tally.wrong.length > 0 ? exitCodes.wrong : 0;
  } catch (error) {
    print(`seed ${seed}: ${String(error)}`);
    if (error instanceof Hang) return exitCodes.hang;
    return error instanceof Leftovers ? exitCodes.leftovers : exitCodes.broken;
  }
}
