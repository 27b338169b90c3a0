import type { RunView } from "../../../protocol/cluster-view.ts";
import { button, el } from "../dom.ts";
import { count, counted, percent } from "../format.ts";
import { Table } from "../table.ts";
import { ApiError, query, write } from "./api.ts";
import { confirmed, shareWanted } from "./dialogs.ts";
import { meter } from "./meter.ts";
import { card, link, type OpenPage } from "./page.ts";
import { to } from "./route.ts";

/** Runs with what they get, and the two things that can be done about one. */
export const openRuns: OpenPage = ({ feed }) => {
  const said = el("p", { class: "said-result", role: "status" });
  const act = async (what: Promise<string>): Promise<void> => {
    try {
      said.textContent = await what;
      said.classList.remove("bad");
    } catch (error) {
      said.textContent = error instanceof ApiError ? `${error.message}.` : "The scheduler cannot be reached.";
      said.classList.add("bad");
    }
  };
  const table = runsTable(
    (run) => void act(cancel(run)),
    (run) => void act(share(run)),
  );
  // A button that is replaced while somebody is about to press it takes no press.
  let shown = "";
  return {
    title: "Runs",
    element: el("div", {}, card("Runs", said, table.element)),
    update() {
      const { items = [], leftOut = 0 } = feed.figures?.runs ?? {};
      const now = JSON.stringify(items);
      if (now === shown || table.element.querySelector("button:active") !== null) return;
      shown = now;
      table.show(items);
      if (leftOut > 0) table.element.append(el("p", { class: "hint" }, `${counted(leftOut, "older run")} left out`));
    },
    close: () => undefined,
  };
};

async function cancel({ run, waiting, running }: RunView): Promise<string> {
  const tasks = waiting + running;
  const them = tasks === 1 ? "it" : "them";
  const question = `Cancel the run “${run}”? That ends ${counted(tasks, "task")}, for everybody who waits for ${them}.`;
  if (!(await confirmed(question, "Cancel the run", "Leave it"))) return "";
  const cancelled = await write<{ tasks: number }>(`runs/${encodeURIComponent(run)}/cancel`, {});
  return `The run “${run}” is cancelled: ${counted(cancelled.tasks, "task")} ended.`;
}

async function share(run: RunView): Promise<string> {
  const wanted = await shareWanted(run);
  if (wanted === undefined) return "";
  await write(`runs/${encodeURIComponent(run.run)}/share`, wanted);
  const most = wanted.slotsMax === null ? "no limit of slots" : `at most ${counted(wanted.slotsMax, "slot")}`;
  return `The run “${run.run}” has weight ${wanted.weight} and ${most}.`;
}

function runsTable(onCancel: (run: RunView) => void, onShare: (run: RunView) => void): Table<RunView> {
  return new Table<RunView>({
    label: "Runs",
    empty: "No run has tasks now.",
    rowsMax: 100,
    columns: [
      { title: "Run", by: ({ run }) => run, show: ({ run }) => link(to(["tasks"], { run }), run) },
      {
        title: "Done",
        by: ({ finished }) => finished,
        isNumber: true,
        show: ({ finished, tasks }) =>
          meter(finished, Math.max(finished, tasks), `${count(finished)} / ${count(Math.max(finished, tasks))}`),
      },
      { title: "On workers", by: ({ running }) => running, isNumber: true, show: ({ running }) => count(running) },
      { title: "Waiting", by: ({ waiting }) => waiting, isNumber: true, show: ({ waiting }) => count(waiting) },
      { title: "Failed", by: ({ failed }) => failed, isNumber: true, show: ({ failed }) => count(failed) },
      { title: "Weight", by: ({ weight }) => weight, isNumber: true, show: ({ weight }) => count(weight) },
      {
        title: "Due",
        hint: "Its part of all slots, among the runs that have work now",
        by: ({ share: due }) => due,
        isNumber: true,
        show: ({ share: due }) => percent(due),
      },
      {
        title: "Most slots",
        by: ({ slotsMax }) => slotsMax ?? Number.NaN,
        isNumber: true,
        show: ({ slotsMax }) => (slotsMax === null ? "no limit" : count(slotsMax)),
      },
      {
        title: "",
        show: (run) =>
          el(
            "span",
            { class: "deeds" },
            link(to(["graph"], { run: run.run }), "Graph"),
            link(`api/v1/report${query({ run: run.run })}`, "Report"),
            button("Share…", () => onShare(run)),
            button("Cancel…", () => onCancel(run), {
              class: "danger",
              "aria-label": `Cancel the run ${run.run}`,
              ...(run.waiting + run.running === 0 ? { disabled: true } : {}),
            }),
          ),
      },
    ],
  });
}
