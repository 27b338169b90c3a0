import { registerEntry } from "../../protocol/task-registry.ts";
import type { TaskRunRequest } from "../task-run-request.ts";
import { TaskRunner } from "./task-runner.ts";

/** The FnRef.entry under which a task runs as part of a flow. */
export const flowEntry = "flow";

registerEntry(flowEntry, (definition) => (request: TaskRunRequest) => new TaskRunner(definition, request).run());
