import { appendFileSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { type Task, task } from "../../../client/task.ts";
import { taskContext } from "../../../protocol/task-context.ts";

/** Where a task ran. */
export interface Place {
  readonly pid: number;
  readonly thread: number;
}

// The functions that the executors' tests submit. They talk to the test through files, which all places can reach.

export const inc: Task<[x: number], number> = task("inc", (x: number) => x + 1);
export const sum: Task<[numbers: readonly number[]], number> = task("sum", (numbers: readonly number[]) =>
  numbers.reduce((total, x) => total + x, 0),
);
export const echo: Task<[value: unknown], unknown> = task("echo", (value: unknown) => value);
export const later: Task<[x: number], Promise<number>> = task("later", async (x: number) => x);

export const fail: Task<[message: string], never> = task("fail", (message: string) => {
  throw new TypeError(message);
});

export const throwText: Task<[text: string], never> = task("throwText", (text: string) => {
  throw text;
});

/** Notes that it ran, and passes on its second argument. */
export const note: Task<[file: string, line: string, inputs?: unknown], string> = task(
  "note",
  (file: string, line: string, _inputs?: unknown) => {
    appendFileSync(file, `${line}\n`);
    return line;
  },
);

export const place: Task<[index?: number], Place> = task("place", (_index?: number) => ({
  pid: process.pid,
  thread: threadId,
}));

/** Like `place`, but returns only when `count` of them run at the same time. */
export const meet: Task<[directory: string, index: number, count: number], Promise<Place>> = task(
  "meet",
  async (directory: string, index: number, count: number) => {
    writeFileSync(join(directory, `here-${index}`), "");
    const { setTimeout: pause } = await import("node:timers/promises");
    while (readdirSync(directory).filter((name) => name.startsWith("here-")).length < count) await pause(5);
    return { pid: process.pid, thread: threadId };
  },
);

/** Says that it runs, and ends when its signal is aborted, with a note of that. */
export const untilAborted: Task<[directory: string], Promise<void>> = task(
  "untilAborted",
  async (directory: string) => {
    const { signal } = taskContext();
    writeFileSync(join(directory, "running"), "");
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
      if (signal.aborted) resolve();
    });
    writeFileSync(join(directory, "aborted"), "");
  },
);

/** Says that it runs, then holds its thread until it is stopped by force, or told to end by a file. */
export const holdThread: Task<[directory: string], void> = task("holdThread", (directory: string) => {
  writeFileSync(join(directory, "running"), String(process.pid));
  while (!existsSync(join(directory, "stop")));
  writeFileSync(join(directory, "ended"), "");
});

export const context: Task<[], unknown> = task("context", () => {
  const { key, attempt, flowRun, signal } = taskContext();
  return { key, attempt, flowRun, aborted: signal.aborted };
});

export const bigger: Task<[bytes: Uint8Array], Uint8Array> = task("bigger", (bytes: Uint8Array) =>
  Uint8Array.from(bytes, (byte) => byte + 1),
);

export const say: Task<[text: string], void> = task("say", (text: string) => {
  console.log(text);
});

/** Ends its own process or thread once it has long returned. */
export const exitLater: Task<[], number> = task("exitLater", () => {
  setTimeout(() => process.exit(3), 20);
  return process.pid;
});
