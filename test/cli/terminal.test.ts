import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const pty = fileURLToPath(new URL("./on-terminal.py", import.meta.url));

// What a terminal shows is only seen on a terminal: a pseudo-terminal, which takes a machine with Python.
const hasPty = spawnSync("python3", ["-c", "import pty"]).status === 0;

const esc = "\u001b";

interface Shown {
  readonly code: number | null;
  readonly written: string;
}

function onTerminal(
  args: readonly string[],
  { columns = 60, interruptAt = "", env = {} }: { columns?: number; interruptAt?: string; env?: object } = {},
): Promise<Shown> {
  const command = [pty, String(columns), "24", interruptAt, process.execPath, main, ...args];
  // Where people sit nothing of this is set; Node shows no colours to a machine that builds.
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...rest } = process.env;
  const child = spawn("python3", command, {
    env: { ...rest, TERM: "xterm-256color", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let written = "";
  child.stdout.on("data", (data: Buffer) => {
    written += data.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, written: written.replaceAll("\r\n", "\n") }));
  });
}

/** Commands to the terminal, with how far up they go if they do; line ends; text. */
const pieces = new RegExp(`${esc}\\[((\\d+)A|\\d*[A-Za-z])|\\n|\\r|[^${esc}\\r\\n]+`, "g");

/** What is left on the screen: a drawing is taken away where the next one goes up over it. */
function screenOf(written: string): string[] {
  const lines: string[] = [""];
  for (const [piece, , up] of written.matchAll(pieces)) {
    if (up !== undefined) lines.splice(lines.length - 1 - Number(up), Number(up) + 1, "");
    else if (piece === "\n") lines.push("");
    else if (!piece.startsWith(esc) && piece !== "\r") lines[lines.length - 1] += piece;
  }
  return lines;
}

test.runIf(hasPty)("muster run on a terminal: a line that lives, what tasks print above it, and the end", async () => {
  const { code, written } = await onTerminal(["run", fixture("steps.flow.ts"), "--executor", "local"]);
  expect(code).toBe(0);
  expect(written).toMatch(/\d\/4 tasks\nstep {2}\d\/4 {2}\d under way/);
  const screen = screenOf(written);
  expect(screen.slice(0, 4)).toEqual([0, 1, 2, 3].map((index) => `step ${index} speaks`));
  expect(screen[4]).toMatch(/^slowest +runs +longest +mean +sum$/);
  expect(screen[5]).toMatch(/^step +4 +\d+ms \(step\[\d\]\)/);
  expect(screen[6]).toMatch(/^steps: Success in .* \(4 tasks\)/);
  expect(screen.slice(7)).toEqual([""]);
  // The cursor is never hidden, so nothing has to be restored.
  expect(written).not.toContain("\u001b[?25l");
});

test.runIf(hasPty)("Ctrl-C takes the lines away, says what became of the run, and ends with 130", async () => {
  const args = ["run", fixture("endless.flow.ts"), "--executor", "threads", "--param", "pidFile=/dev/null"];
  const { code, written } = await onTerminal(args, {
    interruptAt: "under way",
    columns: 30,
  });
  expect(code).toBe(130);
  const screen = screenOf(written);
  expect(screen.join("\n")).toMatch(/Cancelled in/);
  expect(screen.join("\n")).not.toMatch(/under way/);
  expect(screen.at(-1)).toBe("");
});

test.runIf(hasPty)("failures are red, and are not with NO_COLOR", async () => {
  for (const [env, red] of [
    [{}, true],
    [{ NO_COLOR: "1" }, false],
  ] as const) {
    const { code, written } = await onTerminal(["run", fixture("several.flow.ts"), "--name", "bad"], { env });
    expect(code).toBe(1);
    expect(written.includes("\u001b[31m")).toBe(red);
  }
});
