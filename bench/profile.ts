import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";

/** Runs this program once more, in such a way that each of its processes and threads leaves a CPU profile in the folder. */
export async function runProfiled(argv: readonly string[], folder: string): Promise<number> {
  const directory = resolve(folder);
  mkdirSync(directory, { recursive: true });
  const flags = `--cpu-prof --cpu-prof-dir=${JSON.stringify(directory)}`;
  const [, program = ""] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, program, ...argv], {
    stdio: "inherit",
    env: { ...process.env, NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} ${flags}` },
  });
  const [exitCode] = (await once(child, "exit")) as [number | null];
  return exitCode ?? 1;
}
