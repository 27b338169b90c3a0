/** What the queue has to know of a task. */
export interface Ranked {
  /** Higher runs first. */
  readonly priority: number;
  /** How many tasks lie behind it on its longest path. */
  readonly depth: number;
}

interface Rank<T> extends Ranked {
  /** A taken task's place is empty, so that the queue keeps no task, and no result of one, any longer than it has to. */
  readonly tasks: (T | undefined)[];
  /** The tasks before this index were taken. */
  taken: number;
}

/**
 * The tasks that could run now. The deepest comes first, because it uses up results that wait in memory and is nearest to an
 * end; among equals, the one that came first.
 */
export class ReadyQueue<T extends Ranked> {
  /** Sorted, the next to run last; there are as many ranks as distinct depths, which is far fewer than tasks. */
  readonly #ranks: Rank<T>[] = [];

  get isEmpty(): boolean {
    return this.#ranks.length === 0;
  }

  add(task: T): void {
    const index = this.#indexOf(task);
    const found = this.#ranks[index];
    if (found !== undefined && compare(found, task) === 0) found.tasks.push(task);
    else this.#ranks.splice(index, 0, { priority: task.priority, depth: task.depth, tasks: [task], taken: 0 });
  }

  take(): T | undefined {
    const rank = this.#ranks.at(-1);
    if (rank === undefined) return undefined;
    const task = rank.tasks[rank.taken];
    rank.tasks[rank.taken++] = undefined;
    if (rank.taken === rank.tasks.length) this.#ranks.pop();
    return task;
  }

  /** The first rank that does not come before the task's. */
  #indexOf(task: T): number {
    let low = 0;
    let high = this.#ranks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const rank = this.#ranks[middle];
      if (rank !== undefined && compare(rank, task) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(one: Ranked, other: Ranked): number {
  return one.priority - other.priority || one.depth - other.depth;
}
