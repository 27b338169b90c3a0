/** Whose lines a job's lines are. */
export interface JobLabel {
  readonly key: string;
  readonly attempt: number;
  /** Undefined for what runs beside the queue. */
  readonly run: string | undefined;
}

/** Code of a task may still write after the task has ended; of so many it is known who they were. */
const endedMax = 1_000;

/** Says which task a job of a slot is, or was. */
export class JobLabels {
  readonly #open: Map<number, JobLabel> = new Map();
  /** In the order in which they ended, each in the place of the one that ended `endedMax` before it. */
  readonly #ended: { readonly job: number; readonly label: JobLabel }[] = [];
  #next = 0;

  begin(job: number, label: JobLabel): void {
    this.#open.set(job, label);
  }

  end(job: number): void {
    const label = this.#open.get(job);
    if (label === undefined) return;
    this.#open.delete(job);
    this.#ended[this.#next] = { job, label };
    this.#next = (this.#next + 1) % endedMax;
  }

  of(job: number): JobLabel | undefined {
    return this.#open.get(job) ?? this.#ended.findLast((ended) => ended.job === job)?.label;
  }
}
