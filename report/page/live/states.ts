import type { TaskView } from "../../../protocol/cluster-view.ts";
import { el } from "../dom.ts";

type State = TaskView["state"] | "running";

const words: { readonly [Name in State]: string } = {
  running: "running",
  processing: "sent to a worker",
  queued: "ready",
  "no-worker": "no worker can run it",
  waiting: "waits for inputs",
  memory: "done",
  erred: "failed",
  released: "released",
};

export const taskStates: readonly TaskView["state"][] = [
  "processing",
  "queued",
  "no-worker",
  "waiting",
  "memory",
  "erred",
  "released",
];

/** The state's own name, which the API and `explain` use, with what it means. */
export function stateMark(task: Pick<TaskView, "state" | "running">): HTMLElement {
  const state = task.running ? "running" : task.state;
  return el("span", { class: `mark mark-${state}`, title: words[state] }, state);
}

export function stateWords(state: TaskView["state"]): string {
  return words[state];
}
