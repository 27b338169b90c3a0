import type { TaskId } from "../../protocol/ids.ts";
import type { EncodedValue } from "../../protocol/messages.ts";
import { encodedBytes } from "../../protocol/value.ts";

/** The results that this worker holds, as bytes. Which ones is the core's decision; this only keeps them. */
export class ResultStore {
  readonly #values: Map<TaskId, EncodedValue> = new Map();
  #bytes = 0;

  /** Of all values together. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#values.size;
  }

  get(task: TaskId): EncodedValue | undefined {
    return this.#values.get(task);
  }

  put(task: TaskId, value: EncodedValue): void {
    this.drop([task]);
    this.#values.set(task, value);
    this.#bytes += encodedBytes(value);
  }

  drop(tasks: Iterable<TaskId>): void {
    for (const task of tasks) {
      const value = this.#values.get(task);
      if (value === undefined) continue;
      this.#values.delete(task);
      this.#bytes -= encodedBytes(value);
    }
  }
}
