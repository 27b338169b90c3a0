import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf, fileNameOf, root } from "./pages.ts";

// Every ```sh block of the documentation is run as a user would, line by line, in an empty folder that holds the files
// which ts blocks begin by naming. Left out are README's two set-up commands: they are the gate itself (.ci/run starts
// with `npm ci`, this test runs under `npm test`), and test/examples runs the flow that `npm start` shows.

const setUp = ["npm ci && npm start", "npm test"];
const blocks = blocksOf("sh").filter(({ code }) => !setUp.includes(code.trim()));
const files = blocksOf("ts").flatMap((block) => {
  const name = fileNameOf(block);
  return name === undefined ? [] : [{ name, code: block.code }];
});

/** `npx muster` is the sources' command; `announced` waits until a command in the background says that it is ready. */
const prelude = `
set -eu
npx() { shift; "${process.execPath}" "${join(root, "cli/main.ts")}" "$@"; }
announced() {
  for _ in $(seq 300); do
    if grep -qE '^(Scheduler at|Worker for|[0-9]+ workers for)' "$1"; then return; fi
    if ! kill -0 "$2"; then break; fi
    sleep 0.1
  done
  cat "$1" >&2
  return 1
}
`;

/** A reader waits for a scheduler or worker in its own terminal before typing the next line; so does the script. */
function scriptOf(code: string): string {
  let background = 0;
  const lines = code.split("\n").map((line) => {
    const command = /^(.*) &$/.exec(line)?.[1];
    if (command === undefined) return line;
    background += 1;
    const log = `background-${background}.log`;
    return `${command} > ${log} 2>&1 &\nannounced ${log} $!`;
  });
  return prelude + lines.join("\n");
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs a script in a process group of its own; when its last line has ended, so does all that it left running. */
function runScript(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const shell = spawn("bash", ["-c", script], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.on("data", (text) => {
      output += text;
    });
  }
  const endGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-(shell.pid as number), signal);
    } catch {
      // Nothing of the group is left.
    }
  };
  return new Promise((resolve, reject) => {
    let exitCode: number | null = null;
    let killing: NodeJS.Timeout | undefined;
    shell.once("error", reject);
    shell.once("exit", (code) => {
      exitCode = code;
      endGroup("SIGTERM");
      killing = setTimeout(() => endGroup("SIGKILL"), 10_000);
    });
    // Only when the last process that could write is gone, so that the folder can be removed.
    shell.once("close", () => {
      clearTimeout(killing);
      resolve({ exitCode, output });
    });
  });
}

test("there are blocks to run", () => {
  expect(blocks.map(({ page }) => page)).toEqual(expect.arrayContaining(["docs/cli.md", "docs/clusters.md"]));
});

for (const { title, code } of blocks) {
  test(`${title} runs`, { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "muster-docs-"));
    try {
      for (const file of files) writeFileSync(join(folder, file.name), file.code);
      // The port that the pages name may be taken on this machine.
      const port = String(await freePort());
      const env = { MUSTER_TOKEN_DIR: join(folder, "tokens"), MUSTER_SCHEDULER_PORT: port };
      const { exitCode, output } = await runScript(scriptOf(code.replaceAll("8786", port)), folder, env);
      expect(exitCode, output).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    }
  });
}
