import type { TaskPage } from "../../../protocol/cluster-view.ts";
import { button, el } from "../dom.ts";
import { counted } from "../format.ts";
import { query } from "./api.ts";
import { card, type OpenPage } from "./page.ts";
import { Polling } from "./polling.ts";
import { to } from "./route.ts";
import { stateWords, taskStates } from "./states.ts";
import { taskTable } from "./tasks-table.ts";

const pageTasks = 100;

export const openTasks: OpenPage = ({ route }) => {
  const table = taskTable("Tasks", "No task on this page passes the filter.", pageTasks);
  const said = el("output", { class: "found" });
  const input = (name: string, label: string): HTMLInputElement =>
    el("input", { type: "search", placeholder: label, "aria-label": label, value: route.query.get(name) ?? "" });
  const [run, name, key] = [
    input("run", "Run"),
    input("name", "Name of the function"),
    input("key", "Part of the key"),
  ];
  const state = el(
    "select",
    { "aria-label": "State" },
    el("option", { value: "" }, "all states"),
    ...taskStates.map((each) => el("option", { value: each }, `${each}: ${stateWords(each)}`)),
  );
  state.value = route.query.get("state") ?? "";
  /** Where this page begins, and those before it. */
  let starts = [0];
  let next: number | null = null;
  const back = button("Previous page", () => {
    starts = starts.length > 1 ? starts.slice(0, -1) : starts;
    ask();
  });
  const forth = button("Next page", () => {
    if (next !== null) starts = [...starts, next];
    ask();
  });
  const polling = new Polling<TaskPage>(
    (page) => {
      next = page.next;
      back.disabled = starts.length === 1;
      forth.disabled = next === null;
      table.show(page.tasks);
      said.textContent = `${counted(page.tasks.length, "task")} on page ${starts.length}${next === null ? ", the last" : ""}`;
    },
    (message) => {
      said.textContent = message;
    },
  );
  const filter = () => ({ run: run.value, state: state.value, name: name.value, key: key.value });
  const ask = (): void => polling.ask(`tasks${query({ ...filter(), after: starts.at(-1), limit: pageTasks })}`);
  const form = el("form", { class: "tools", role: "search" }, run, name, state, key, el("button", {}, "Find"), said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // As an address, so that it can be gone back to and told to others.
    location.hash = to(["tasks"], filter());
  });
  state.addEventListener("change", () => form.requestSubmit());
  ask();
  return {
    title: "Tasks",
    element: el("div", {}, card("Tasks", form, table.element, el("div", { class: "tools" }, back, forth))),
    update: () => undefined,
    close: () => polling.close(),
  };
};
