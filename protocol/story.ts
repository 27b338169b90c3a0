import type { TaskId } from "./ids.ts";

export interface StoryLine {
  readonly task: TaskId;
  readonly atMs: number;
  readonly what: string;
  readonly detail: number | string | undefined;
}

/** The last things that happened here, by task. Bounded as a whole: the oldest line makes room for the newest. */
export class Story {
  readonly #lines: (StoryLine | undefined)[];
  #next = 0;

  constructor(maxLines: number = 4096) {
    this.#lines = new Array<StoryLine | undefined>(maxLines);
  }

  /** Called for every transition, so it only keeps the pieces; sentences are made when somebody reads them. */
  tell(task: TaskId, atMs: number, what: string, detail?: number | string): void {
    this.#lines[this.#next] = { task, atMs, what, detail };
    this.#next = (this.#next + 1) % this.#lines.length;
  }

  /** What happened to a task, oldest first. */
  of(task: TaskId): string[] {
    return this.#inOrder()
      .filter((line) => line.task === task)
      .map(told);
  }

  /** The same in pieces. */
  linesOf(task: TaskId): readonly StoryLine[] {
    return this.#inOrder().filter((line) => line.task === task);
  }

  /** The last things that happened to any task, oldest first. */
  latest(count: number): string[] {
    return this.#inOrder()
      .slice(-count)
      .map((line) => `task ${line.task}: ${told(line)}`);
  }

  #inOrder(): StoryLine[] {
    const lines = [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
    return lines.filter((line) => line !== undefined);
  }
}

function told({ atMs, what, detail }: StoryLine): string {
  return `${atMs} ${what}${detail === undefined ? "" : ` ${detail}`}`;
}
