import { type Task, task } from "../../../../client/task.ts";

export const other: Task<[], string> = task("twin", () => "two");
