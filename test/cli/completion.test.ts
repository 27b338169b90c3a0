import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MusterBench } from "./muster.ts";

const shells = ["bash", "zsh", "fish"] as const;
const isThere = (shell: string): boolean => spawnSync(shell, ["-c", "exit 0"]).status === 0;

let bench: MusterBench;
let folder: string;
const scripts: Record<string, string> = {};
beforeAll(async () => {
  bench = new MusterBench();
  folder = mkdtempSync(join(tmpdir(), "muster-completion-"));
  writeFileSync(join(folder, "my flow.ts"), "");
  writeFileSync(join(folder, "token"), "");
  mkdirSync(join(folder, "spill"));
  for (const shell of shells) {
    const { code, stdout } = await bench.run(["completion", shell]);
    expect(code).toBe(0);
    scripts[shell] = join(folder, `.script.${shell}`);
    writeFileSync(scripts[shell], stdout);
  }
});
afterAll(async () => {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(shell: string, code: string): string[] {
  const { status, stdout, stderr } = spawnSync(shell, ["-c", code], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout.split("\n").filter((line) => line !== "");
}

/** What bash offers at the end of this line, as it would ask for it. */
function offered(...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _muster`;
  return run("bash", `set -u; . ${scripts["bash"]}; ${ask}; printf '%s\\n' "\${COMPREPLY[@]-}"`);
}

describe("bash", () => {
  test("completes commands and options", () => {
    expect(offered("muster", "s")).toEqual(["scheduler", "status"]);
    expect(offered("muster", "")).toEqual(expect.arrayContaining(["run", "logs", "cancel", "completion", "--version"]));
    expect(offered("muster", "run", "--p")).toEqual(["--param"]);
    expect(offered("muster", "worker", "--n")).toEqual(["--nworkers", "--nthreads", "--name", "--no-nanny"]);
    expect(offered("muster", "logs", "ws://127.0.0.1:1", "--f")).toEqual(["--follow"]);
  });

  test("completes files where a file is expected, folders where a folder is, and choices where there are some", () => {
    expect(offered("muster", "run", "my")).toEqual(["my flow.ts"]);
    expect(offered("muster", "run", "--executor", "local", "my")).toEqual(["my flow.ts"]);
    expect(offered("muster", "worker", "--token-file", "to")).toEqual(["token"]);
    expect(offered("muster", "worker", "--local-directory", "")).toEqual(["spill"]);
    expect(offered("muster", "run", "--executor", "t")).toEqual(["threads"]);
    expect(offered("muster", "logs", "--level", "")).toEqual(["debug", "info", "warn", "error"]);
    expect(offered("muster", "completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(offered("muster", "worker", "--name", "")).toEqual([]);
    expect(offered("muster", "status", "")).toEqual([]);
  });
});

describe("other shells, where they are installed", () => {
  test("zsh takes the script, and makes it the completion of muster", () => {
    // What a machine without zsh can tell: the script names every command.
    expect(Number(run("bash", `grep -c '^    [a-z]*) _arguments' ${scripts["zsh"]}`)[0])).toBeGreaterThanOrEqual(8);
    if (!isThere("zsh")) return;
    expect(run("zsh", `autoload -U compinit; compinit -u -D; . ${scripts["zsh"]}; echo $_comps[muster]`)).toEqual([
      "_muster",
    ]);
  });

  test("fish completes commands, options and choices", () => {
    expect(run("bash", `grep -c 'complete -c muster' ${scripts["fish"]}`).map(Number)[0]).toBeGreaterThan(50);
    if (!isThere("fish")) return;
    const ask = (line: string): string[] => run("fish", `source ${scripts["fish"]}; complete -C '${line}'`);
    expect(ask("muster sta")).toEqual([expect.stringMatching(/^status\tShow the workers/)]);
    expect(ask("muster logs --fol")).toEqual([expect.stringMatching(/^--follow\t/)]);
    expect(ask("muster run --executor th")).toEqual([expect.stringMatching(/^threads/)]);
  });
});
