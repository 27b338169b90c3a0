import { type Task, task } from "../../../client/task.ts";

export function makeAdder(amount: number): Task<[x: number], number> {
  return task("adder", (x: number) => x + amount);
}
