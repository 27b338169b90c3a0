import type { TaskDetail } from "../../../protocol/cluster-view.ts";
import type { ExplainedAttempt } from "../../../protocol/explanation.ts";
import type { AttemptEvent, LogLine } from "../../../protocol/record.ts";
import { el } from "../dom.ts";
import { bytes, count, duration } from "../format.ts";
import { Table } from "../table.ts";
import { facts } from "./facts.ts";
import { LogLines } from "./log-lines.ts";
import { card, link, type OpenPage } from "./page.ts";
import { Polling } from "./polling.ts";
import { to } from "./route.ts";
import { stateMark } from "./states.ts";
import { taskTable } from "./tasks-table.ts";

type Told = TaskDetail & { readonly ended: readonly AttemptEvent[]; readonly logs: readonly LogLine[] };

/** All that is known of one task: why it does not run, or what became of it. */
export const openTask: OpenPage = ({ route }) => {
  const key = route.path[1] ?? "";
  const why = el("p", { class: "explanation" }, "Asking…");
  const told = el("div");
  const attempts = attemptsTable();
  const inputs = taskTable("Inputs", "It takes no results of other tasks.", 50);
  const dependents = taskTable("Dependents", "No task on the books takes its result.", 50);
  const story = el("ol", { class: "story" });
  const logs = new LogLines("It logged nothing, or that is not kept any more.");
  const polling = new Polling<Told>(
    (task) => {
      why.textContent = task.explanation.paragraph;
      told.replaceChildren(factsOf(task));
      const took = new Map(task.ended.map(({ attempt, startMs, endMs }) => [attempt, endMs - startMs]));
      attempts.show(task.explanation.attempts.map((each) => ({ ...each, tookMs: took.get(each.attempt) })));
      inputs.show(task.inputs.items);
      dependents.show(task.dependents.items);
      story.replaceChildren(
        ...task.story.map(({ agoMs, what }) => el("li", {}, el("time", {}, `${duration(agoMs)} ago`), ` ${what}`)),
      );
      if (task.story.length === 0) story.replaceChildren(el("li", {}, "It is too long ago to be remembered."));
      logs.show(task.logs);
    },
    (message) => {
      why.textContent = `${message}.`;
      told.replaceChildren();
    },
  );
  polling.ask(`tasks/${encodeURIComponent(key)}`);
  return {
    title: key,
    element: el(
      "div",
      {},
      card(key, why, told),
      card("Attempts", attempts.element),
      card("Takes the results of", inputs.element),
      card("Its result is taken by", dependents.element),
      card("Story", story),
      card("Logs", logs.element),
    ),
    update: () => undefined,
    close() {
      polling.close();
      logs.close();
    },
  };
};

function factsOf(task: Told): HTMLElement {
  const { explanation } = task;
  return facts(
    ["State", stateMark(task)],
    ["For", duration(task.sinceAgoMs)],
    ["Function", link(to(["tasks"], { name: task.name }), task.name)],
    ["Run", link(to(["tasks"], { run: task.run }), task.run)],
    ["Worker", task.worker === null ? "–" : link(to(["workers", task.worker]), task.worker)],
    ["Result", task.state === "memory" ? `${bytes(task.bytes)} on ${explanation.holders.join(", ")}` : "–"],
    ["Error", explanation.error === undefined ? "–" : `${explanation.error.code}: ${explanation.error.message}`],
  );
}

/** How long it ran is known of those whose end is still kept. */
type Attempt = ExplainedAttempt & { readonly tookMs: number | undefined };

const attemptsTable = (): Table<Attempt> =>
  new Table<Attempt>({
    label: "Attempts",
    empty: "It was never sent to a worker.",
    columns: [
      { title: "Attempt", isNumber: true, show: ({ attempt }) => count(attempt) },
      { title: "Worker", show: ({ worker }) => link(to(["workers", worker]), worker) },
      { title: "Fate", show: ({ fate }) => el("span", { class: `mark mark-${fate}` }, fate) },
      { title: "Sent", isNumber: true, show: ({ assignedAgoMs }) => `${duration(assignedAgoMs)} ago` },
      { title: "Began", isNumber: true, show: ({ startedAgoMs }) => ago(startedAgoMs) },
      { title: "Ended", isNumber: true, show: ({ endedAgoMs }) => ago(endedAgoMs) },
      { title: "Ran for", isNumber: true, show: ({ tookMs }) => (tookMs === undefined ? "–" : duration(tookMs)) },
      { title: "Why", show: ({ message }) => el("span", { class: "message" }, message) },
    ],
  });

const ago = (ms: number | undefined): string => (ms === undefined ? "–" : `${duration(ms)} ago`);
