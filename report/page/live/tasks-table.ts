import type { TaskView } from "../../../protocol/cluster-view.ts";
import { el } from "../dom.ts";
import { bytes, count, duration } from "../format.ts";
import { Table } from "../table.ts";
import { link } from "./page.ts";
import { to } from "./route.ts";
import { stateMark } from "./states.ts";

export function taskTable(label: string, empty: string, rowsMax: number): Table<TaskView> {
  return new Table<TaskView>({
    label,
    empty,
    rowsMax,
    columns: [
      { title: "Task", by: ({ key }) => key, show: ({ key }) => el("code", {}, link(to(["tasks", key]), key)) },
      { title: "Name", by: ({ name }) => name, show: ({ name }) => name },
      { title: "Run", by: ({ run }) => run, show: ({ run }) => link(to(["tasks"], { run }), run) },
      { title: "State", by: ({ state, running }) => (running ? "running" : state), show: stateMark },
      {
        title: "Worker",
        by: ({ worker }) => worker ?? "",
        show: ({ worker }) => (worker === null ? "" : link(to(["workers", worker]), worker)),
      },
      {
        title: "For",
        hint: "How long it has been in this state",
        by: ({ sinceAgoMs }) => sinceAgoMs,
        isNumber: true,
        show: ({ sinceAgoMs }) => duration(sinceAgoMs),
      },
      { title: "Attempts", by: ({ attempts }) => attempts, isNumber: true, show: ({ attempts }) => count(attempts) },
      {
        title: "Result",
        by: (task) => task.bytes,
        isNumber: true,
        show: (task) => (task.state === "memory" ? bytes(task.bytes) : ""),
      },
    ],
  });
}
