import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, totalmem } from "node:os";
import { version } from "../protocol/version.ts";

/** Where and of what figures are: without it they mean nothing. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Ends in "+" when the working tree differs from it; "unknown" outside a repository. */
  readonly commit: string;
  readonly startedAt: string;
}

export function describeEnvironment(): Environment {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    versions: { node: process.versions.node, muster: version, ws: versionOf("ws"), msgpackr: versionOf("msgpackr") },
    commit: commit(),
    startedAt: new Date().toISOString(),
  };
}

/** Not every package exports its package.json: it is looked for above its main file. */
function versionOf(name: string): string {
  const main = createRequire(import.meta.url).resolve(name);
  const end = main.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length;
  return (JSON.parse(readFileSync(`${main.slice(0, end)}package.json`, "utf8")) as { version: string }).version;
}

function commit(): string {
  try {
    const hash = git("rev-parse", "--short=12", "HEAD");
    return git("status", "--porcelain", "--untracked-files=no") === "" ? hash : `${hash}+`;
  } catch {
    return "unknown";
  }
}

const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
