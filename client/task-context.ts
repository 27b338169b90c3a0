import { registerNestedClient } from "../protocol/nested-client.ts";
import { type TaskContext as AnyTaskContext, taskContext as anyTaskContext } from "../protocol/task-context.ts";
import { Client } from "./client.ts";

// Registered where user code gets its context from, so that there is a way to connect whenever a task can ask for it.
registerNestedClient((options) => Client.connectWithin(options));

/** What a running task may know of itself. */
export type TaskContext = AnyTaskContext<Client>;

/**
 * The context of the task that is running.
 * @throws ClusterError NOT_STARTED when it is called outside a task.
 */
export function taskContext(): TaskContext {
  return anyTaskContext() as TaskContext;
}
