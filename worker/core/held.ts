import type { TaskId } from "../../protocol/ids.ts";
import type { ArrivedValue } from "./events.ts";
import type { Outbox } from "./outbox.ts";

/** Which results lie in this worker's store, and how large each is. */
export class Held {
  readonly #bytes: Map<TaskId, number> = new Map();
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  get size(): number {
    return this.#bytes.size;
  }

  has(task: TaskId): boolean {
    return this.#bytes.has(task);
  }

  bytes(task: TaskId): number {
    return this.#bytes.get(task) ?? 0;
  }

  tasks(): Iterable<TaskId> {
    return this.#bytes.keys();
  }

  /** A second copy of what is here changes nothing. */
  keep(task: TaskId, { value, bytes }: ArrivedValue): void {
    if (this.#bytes.has(task)) return;
    this.#bytes.set(task, bytes);
    this.#outbox.push({ kind: "store", task, value });
  }

  drop(tasks: Iterable<TaskId>): void {
    const dropped = [...tasks].filter((task) => this.#bytes.delete(task));
    if (dropped.length > 0) this.#outbox.push({ kind: "drop", tasks: dropped });
  }
}
