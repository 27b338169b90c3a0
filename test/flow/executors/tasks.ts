import { appendFileSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { task } from "../../../client/task.ts";
import { taskContext } from "../../../protocol/task-context.ts";

// The functions that the executors' tests submit. They talk to the test through files, which all places can reach.

export const inc = task("inc", (x: number) => x + 1);
export const sum = task("sum", (numbers: readonly number[]) => numbers.reduce((total, x) => total + x, 0));
export const echo = task("echo", (value: unknown) => value);
export const later = task("later", async (x: number) => x);

export const fail = task("fail", (message: string) => {
  throw new TypeError(message);
});

export const throwText = task("throwText", (text: string) => {
  throw text;
});

/** Notes that it ran, and passes on its second argument. */
export const note = task("note", (file: string, line: string, _inputs?: unknown) => {
  appendFileSync(file, `${line}\n`);
  return line;
});

export const place = task("place", (_index?: number) => ({ pid: process.pid, thread: threadId }));

/** Like `place`, but returns only when `count` of them run at the same time. */
export const meet = task("meet", async (directory: string, index: number, count: number) => {
  writeFileSync(join(directory, `here-${index}`), "");
  const { setTimeout: pause } = await import("node:timers/promises");
  while (readdirSync(directory).filter((name) => name.startsWith("here-")).length < count) await pause(5);
  return { pid: process.pid, thread: threadId };
});

/** Says that it runs, and ends when its signal is aborted, with a note of that. */
export const untilAborted = task("untilAborted", async (directory: string) => {
  const { signal } = taskContext();
  writeFileSync(join(directory, "running"), "");
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve());
    if (signal.aborted) resolve();
  });
  writeFileSync(join(directory, "aborted"), "");
});

/** Says that it runs, then holds its thread until it is stopped by force, or told to end by a file. */
export const holdThread = task("holdThread", (directory: string) => {
  writeFileSync(join(directory, "running"), String(process.pid));
  while (!existsSync(join(directory, "stop")));
  writeFileSync(join(directory, "ended"), "");
});

export const context = task("context", () => {
  const { key, attempt, flowRun, signal } = taskContext();
  return { key, attempt, flowRun, aborted: signal.aborted };
});

export const bigger = task("bigger", (bytes: Uint8Array) => Uint8Array.from(bytes, (byte) => byte + 1));

export const say = task("say", (text: string) => {
  console.log(text);
});
