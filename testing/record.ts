import type { TaskId } from "../protocol/ids.ts";
import { describeMessage, type SimMessage, tasksOf } from "./describe.ts";

/** Something that happened, kept as it is: it becomes text only if somebody asks. */
type Entry =
  | {
      readonly atMs: number;
      readonly kind: "message";
      readonly from: string;
      readonly to: string;
      readonly message: SimMessage;
    }
  | {
      readonly atMs: number;
      readonly kind: "note";
      readonly who: string;
      readonly what: string;
      readonly key: string | undefined;
    };

/** All that happened in a simulation, by virtual time. */
export class SimRecord {
  readonly #entries: Entry[] = [];
  readonly #limit: number;
  readonly #now: () => number;
  /** Which key each task number stands for. */
  readonly #keys: Map<TaskId, string> = new Map();

  constructor(now: () => number, limit: number = 200_000) {
    this.#now = now;
    this.#limit = limit;
  }

  message(from: string, to: string, message: SimMessage): void {
    if (message.op === "heartbeat") return;
    if (message.op === "compute") this.#keys.set(message.task, message.key);
    this.#add({ atMs: this.#now(), kind: "message", from, to, message });
  }

  note(who: string, what: string, key?: string): void {
    this.#add({ atMs: this.#now(), kind: "note", who, what, key });
  }

  /** One line an event, oldest first. */
  lines(): string[] {
    return this.#entries.map((entry) => this.#line(entry));
  }

  /** Only what concerns this key, as a task, as an input, as a result. "task 7" finds one by the scheduler's number. */
  about(key: string): string[] {
    return this.#entries.filter((entry) => this.#concerns(entry, key)).map((entry) => this.#line(entry));
  }

  /** The last `count` lines. */
  last(count: number): string[] {
    return this.#entries.slice(-count).map((entry) => this.#line(entry));
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    // In halves, so that forgetting costs nothing per entry.
    if (this.#entries.length > this.#limit) this.#entries.splice(0, this.#limit / 2);
  }

  #concerns(entry: Entry, key: string): boolean {
    if (entry.kind === "note") return entry.key === key;
    const { message } = entry;
    // What has no number yet goes by its key.
    if (message.op === "submit") return message.tasks.some((spec) => spec.key === key);
    return tasksOf(message).some((task) => this.#keys.get(task) === key || key === `task ${task}`);
  }

  #line(entry: Entry): string {
    const at = entry.atMs.toFixed(1).padStart(9);
    if (entry.kind === "note") return `${at}  ${entry.who}: ${entry.what}`;
    const name = (task: TaskId): string => this.#keys.get(task) ?? `task ${task}`;
    return `${at}  ${entry.from} → ${entry.to}  ${describeMessage(entry.message, name)}`;
  }
}
