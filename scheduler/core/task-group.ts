import { assertNever } from "../../protocol/errors.ts";
import type { TaskState } from "./task.ts";

export type TaskCounts = Record<TaskState["kind"], number>;

/**
 * The tasks of one run whose functions have one name: progress is counted by it, and the picture of a graph drawn. It lives
 * as long as its run has tasks, so what it counts may be of tasks that are forgotten.
 */
export class TaskGroup {
  readonly name: string;
  /** By which other groups know it: a run may come again under its name, and its groups with it. */
  readonly id: string;
  /** How many tasks that are not forgotten are in each state. */
  readonly counts: TaskCounts = { waiting: 0, queued: 0, processing: 0, memory: 0, erred: 0, released: 0 };
  /** How many tasks there ever were. */
  total = 0;
  /** How often a result came. A task that is computed again counts again. */
  finished = 0;
  failed = 0;
  /** What the attempts that gave a result took altogether. */
  computeMs = 0;
  /** The groups whose results these tasks take, by their `id`, and how many of those results. */
  readonly inputs: Map<string, number> = new Map();

  constructor(name: string, run: string) {
    this.name = name;
    this.id = JSON.stringify([run, name]);
  }

  takesFrom({ id }: TaskGroup, results: number): void {
    this.inputs.set(id, (this.inputs.get(id) ?? 0) + results);
  }

  /** Spelled out: twice for every transition of every task, a property by name is what one notices. */
  count(kind: TaskState["kind"], change: 1 | -1): void {
    const { counts } = this;
    switch (kind) {
      case "waiting":
        counts.waiting += change;
        return;
      case "queued":
        counts.queued += change;
        return;
      case "processing":
        counts.processing += change;
        return;
      case "memory":
        counts.memory += change;
        return;
      case "erred":
        counts.erred += change;
        return;
      case "released":
        counts.released += change;
        return;
      default:
        assertNever(kind);
    }
  }
}
