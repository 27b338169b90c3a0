import type { Task } from "./task.ts";

/** Stands for a place in no list. */
export const nowhereListed = -1;

/**
 * The results that lie on a worker. Most lie on one worker alone, and all come and go once: such a result knows its place
 * in that worker's list, which costs a fraction of what a set does. Those that lie on others already are in a set.
 */
export class Holdings {
  readonly #list: Task[] = [];
  readonly #copies: Set<Task> = new Set();

  get size(): number {
    return this.#list.length + this.#copies.size;
  }

  has(task: Task): boolean {
    return this.#list[task.heldAt] === task || this.#copies.has(task);
  }

  /** Of a result that was not there. */
  add(task: Task): void {
    if (task.heldAt === nowhereListed) task.heldAt = this.#list.push(task) - 1;
    else this.#copies.add(task);
  }

  delete(task: Task): void {
    if (this.#list[task.heldAt] !== task) {
      this.#copies.delete(task);
      return;
    }
    // The last takes its place.
    const last = this.#list.pop() as Task;
    if (last !== task) {
      this.#list[task.heldAt] = last;
      last.heldAt = task.heldAt;
    }
    task.heldAt = nowhereListed;
  }

  *[Symbol.iterator](): Iterator<Task> {
    yield* this.#list;
    yield* this.#copies;
  }
}
