import { existsSync, writeFileSync } from "node:fs";
import { type Task, task, taskContext } from "muster";

export const double: Task<[x: number], number> = task("double", (x: number): number => 2 * x);
export const add: Task<[a: number, b: number], number> = task("add", (a: number, b: number): number => a + b);
export const breaks: Task<[], number> = task("breaks", (): number => {
  throw new Error("it breaks always");
});
/** Until it is cancelled. */
export const holds: Task<[], Promise<string>> = task("holds", (): Promise<string> => {
  const { signal } = taskContext();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve("stopped")));
});
/** Kills the process of its worker the first time, which the file of that name remembers. */
export const endsItsWorker: Task<[file: string], number> = task("endsItsWorker", (file: string): number => {
  if (existsSync(file)) return 1;
  writeFileSync(file, "");
  process.kill(process.pid, "SIGKILL");
  return 0;
});
