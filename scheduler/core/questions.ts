import type { ClusterInfo } from "../../protocol/cluster-info.ts";
import type {
  GraphView,
  GroupView,
  RunView,
  TaskDetail,
  TaskPage,
  Told,
  WorkerDetail,
} from "../../protocol/cluster-view.ts";
import { assertNever } from "../../protocol/errors.ts";
import { cancelRun } from "./futures.ts";
import { clusterInfo } from "./info.ts";
import { shareRunForGood } from "./run-shares.ts";
import type { SchedulerState } from "./state.ts";
import { graphOf, groupsOf, runsOf, runView } from "./view-runs.ts";
import { findTasks, type TaskFilter, taskDetail, workerDetail } from "./view-tasks.ts";

/** What the HTTP side asks and asks for. It is no client: it holds no futures, and keeps no cluster from being idle. */
export type Question =
  | { readonly kind: "info" }
  | { readonly kind: "runs" }
  /** Of one run, or of all. */
  | { readonly kind: "groups"; readonly run: string | undefined }
  | { readonly kind: "graph"; readonly run: string | undefined }
  | ({ readonly kind: "tasks" } & TaskFilter)
  | { readonly kind: "task"; readonly key: string }
  | { readonly kind: "worker"; readonly name: string }
  /** What runs is stopped. Answered at once. */
  | { readonly kind: "cancel-run"; readonly run: string; readonly reason: string }
  /** `slotsMax` 0: no limit. Holds until somebody says otherwise. */
  | { readonly kind: "share-run"; readonly run: string; readonly weight: number; readonly slotsMax: number };

/** What each is answered with; null: there is no such run, task or worker. */
export interface Answers {
  readonly info: ClusterInfo;
  readonly runs: Told<RunView>;
  readonly groups: Told<GroupView> | null;
  readonly graph: GraphView | null;
  readonly tasks: TaskPage;
  readonly task: TaskDetail | null;
  readonly worker: WorkerDetail | null;
  /** How many tasks had not ended. */
  readonly "cancel-run": { readonly tasks: number } | null;
  readonly "share-run": RunView | null;
}

export function answer(state: SchedulerState, question: Question): Answers[Question["kind"]] {
  switch (question.kind) {
    case "info":
      return clusterInfo(state);
    case "runs":
      return runsOf(state);
    case "groups":
      return groupsOf(state, question.run);
    case "graph":
      return graphOf(state, question.run);
    case "tasks":
      return findTasks(state, question);
    case "task":
      return taskDetail(state, question.key);
    case "worker":
      return workerDetail(state, question.name);
    case "cancel-run": {
      const run = state.runs.get(question.run);
      if (run === undefined) return null;
      let tasks = 0;
      for (const { counts } of run.groups.values()) tasks += counts.waiting + counts.queued + counts.processing;
      cancelRun(state, question.run, true, question.reason, () => undefined);
      return { tasks };
    }
    case "share-run": {
      const run = state.runs.get(question.run);
      if (run === undefined) return null;
      shareRunForGood(state, question.run, question);
      return runView(state, run);
    }
    default:
      return assertNever(question);
  }
}
