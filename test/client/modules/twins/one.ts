import { type Task, task } from "../../../../client/task.ts";
import { other } from "./two.ts";

export const twin: Task<[], string> = task("twin", () => `one, beside ${other.run()}`);
