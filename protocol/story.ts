import { type TaskId, taskId } from "./ids.ts";

export interface StoryLine {
  readonly task: TaskId;
  readonly atMs: number;
  readonly what: string;
  readonly detail: number | string | undefined;
}

/** The last things that happened here, by task. Bounded as a whole: the oldest line makes room for the newest. */
export class Story {
  readonly #maxLines: number;
  // In columns, so that a line, of which every transition makes one, allocates nothing.
  readonly #tasks: Float64Array;
  readonly #atMs: Float64Array;
  readonly #whats: string[] = [];
  readonly #details: StoryLine["detail"][] = [];
  #next = 0;

  constructor(maxLines: number = 4096) {
    this.#maxLines = maxLines;
    this.#tasks = new Float64Array(maxLines);
    this.#atMs = new Float64Array(maxLines);
  }

  /** Called for every transition, so it only keeps the pieces; sentences are made when somebody reads them. */
  tell(task: TaskId, atMs: number, what: string, detail?: number | string): void {
    const line = this.#next;
    this.#tasks[line] = task;
    this.#atMs[line] = atMs;
    this.#whats[line] = what;
    this.#details[line] = detail;
    this.#next = line + 1 === this.#maxLines ? 0 : line + 1;
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
    const lines = this.#whats.map(
      (what, line): StoryLine => ({
        task: taskId(this.#tasks[line] as number),
        atMs: this.#atMs[line] as number,
        what,
        detail: this.#details[line],
      }),
    );
    // Once the last line is full, the oldest is where the next goes.
    return lines.length < this.#maxLines ? lines : [...lines.slice(this.#next), ...lines.slice(0, this.#next)];
  }
}

function told({ atMs, what, detail }: StoryLine): string {
  return `${atMs} ${what}${detail === undefined ? "" : ` ${detail}`}`;
}
