import { type FutureId, futureId } from "../../protocol/ids.ts";
import { Numbered } from "./numbered.ts";
import type { Task } from "./task.ts";

/** The key of a task for which nobody chose one. It need not be written down: it can be made again whenever it is asked for. */
export const madeKey = (fnName: string, future: FutureId, prefix: string): string => `${fnName}-${future}-${prefix}`;

type Tasks = Numbered<FutureId, Task>;

/** Where a made key may have its number, up to the dash behind which the prefix follows. A dash may do for two numbers. */
const numberInKey = /-(\d+)(?=-)/g;

/** Which task a key stands for. Made keys take no text: their tasks are found by number among those of their prefix. */
export class Keys {
  /** Tasks with chosen keys, and those whose number is taken by another that has another function's name in its key. */
  readonly #byText: Map<string, Task> = new Map();
  readonly #byNumber: Map<string, Tasks> = new Map();
  /** Those of the prefix that was looked for last: the next is most likely the same. */
  #latest: Tasks | undefined;
  #latestPrefix: string | undefined;
  /** No prefix is longer. What is left of a key from a number on need not be looked up where it is. */
  #prefixCharsMax = 0;
  /** How many of the keys in `#byText` look like made ones: while there is none, no text is ever made to look one up. */
  #lookalikes = 0;

  get size(): number {
    let size = this.#byText.size;
    for (const numbered of this.#byNumber.values()) size += numbered.size;
    return size;
  }

  get(key: string): Task | undefined {
    return this.#byText.get(key) ?? this.#findMade(key);
  }

  /** The task of a made key. */
  getMade(fnName: string, future: FutureId, prefix: string): Task | undefined {
    if (this.#lookalikes > 0) {
      const task = this.#byText.get(madeKey(fnName, future, prefix));
      if (task !== undefined) return task;
    }
    const task = this.#ofPrefix(prefix)?.get(future);
    return task?.fn?.name === fnName ? task : undefined;
  }

  /** The task's key stands for it from now on. */
  claim(task: Task): void {
    if (task.chosenKey !== undefined || this.#lookalikes > 0) {
      const before = this.get(task.key);
      if (before !== undefined) this.drop(before);
    }
    if (task.chosenKey === undefined) {
      const { future, taskClass } = task;
      const numbered = this.#ofPrefix(taskClass.prefix) ?? this.#begin(taskClass.prefix);
      const other = numbered.get(future);
      if (other === undefined || other.fn?.name === task.fn?.name) return numbered.set(future, task);
    }
    this.#byText.set(task.key, task);
    if (looksMade(task.key)) this.#lookalikes++;
  }

  /** The task's key stands for nothing any more, if it stood for the task. */
  drop(task: Task): void {
    const { future, chosenKey, taskClass } = task;
    if (chosenKey === undefined) {
      const numbered = this.#ofPrefix(taskClass.prefix);
      if (numbered?.get(future) === task) {
        numbered.delete(future);
        if (numbered.size === 0) this.#end(taskClass.prefix);
        return;
      }
      if (this.#lookalikes === 0) return;
    }
    const { key } = task;
    if (this.#byText.get(key) !== task) return;
    this.#byText.delete(key);
    if (looksMade(key)) this.#lookalikes--;
  }

  clear(): void {
    this.#byText.clear();
    this.#byNumber.clear();
    this.#latestPrefix = undefined;
    this.#prefixCharsMax = 0;
    this.#lookalikes = 0;
  }

  /** All tasks that keys stand for. */
  *tasks(): Iterable<Task> {
    yield* this.#byText.values();
    for (const numbered of this.#byNumber.values()) yield* numbered.values();
  }

  #ofPrefix(prefix: string): Tasks | undefined {
    if (prefix === this.#latestPrefix) return this.#latest;
    this.#latestPrefix = prefix;
    this.#latest = this.#byNumber.get(prefix);
    return this.#latest;
  }

  #begin(prefix: string): Tasks {
    const numbered: Tasks = new Numbered();
    this.#byNumber.set(prefix, numbered);
    this.#prefixCharsMax = Math.max(this.#prefixCharsMax, prefix.length);
    this.#latestPrefix = undefined;
    return numbered;
  }

  #end(prefix: string): void {
    this.#byNumber.delete(prefix);
    if (this.#byNumber.size === 0) this.#prefixCharsMax = 0;
    this.#latestPrefix = undefined;
  }

  #findMade(key: string): Task | undefined {
    if (this.#byNumber.size === 0) return undefined;
    for (const match of key.matchAll(numberInKey)) {
      const start = match.index + match[0].length + 1;
      if (key.length - start > this.#prefixCharsMax) continue;
      const task = this.#ofPrefix(key.slice(start))?.get(futureId(Number(match[1])));
      if (task?.key === key) return task;
    }
    return undefined;
  }
}

const looksMade = (key: string): boolean => key.search(numberInKey) >= 0;
