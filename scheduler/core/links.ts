/** Which tasks of a graph need which, by index: one list for all of them, in place of a list for each. */
export class Links {
  /** The inputs of task `i` are `inputs[starts[i]]` to `inputs[starts[i + 1] - 1]`. */
  readonly starts: Uint32Array;
  readonly inputs: Uint32Array;
  #isInOrder: boolean | undefined;

  constructor(starts: Uint32Array, inputs: Uint32Array) {
    this.starts = starts;
    this.inputs = inputs;
  }

  /** `lists[i]` are the inputs of task `i`. */
  static of(lists: readonly (readonly number[])[]): Links {
    const starts = new Uint32Array(lists.length + 1);
    for (const [task, list] of lists.entries()) starts[task + 1] = (starts[task] as number) + list.length;
    return new Links(starts, Uint32Array.from(lists.flat()));
  }

  /** How many tasks there are. */
  get count(): number {
    return this.starts.length - 1;
  }

  of(task: number): Uint32Array {
    return this.inputs.subarray(this.starts[task], this.starts[task + 1]);
  }

  /** Only those to inputs with an index below `limit`. */
  within(limit: number): Links {
    const starts = new Uint32Array(this.count + 1);
    const inputs = new Uint32Array(this.inputs.length);
    let end = 0;
    for (let task = 0; task < this.count; task++) {
      for (const input of this.of(task)) if (input < limit) inputs[end++] = input;
      starts[task + 1] = end;
    }
    return new Links(starts, inputs.subarray(0, end));
  }

  /** The same links the other way round. */
  reversed(): Links {
    const { count, starts, inputs } = this;
    const from = new Uint32Array(count + 1);
    for (const input of inputs) from[input + 1] = (from[input + 1] as number) + 1;
    for (let i = 0; i < count; i++) from[i + 1] = (from[i + 1] as number) + (from[i] as number);
    const next = from.slice();
    const dependents = new Uint32Array(inputs.length);
    for (let task = 0; task < count; task++) {
      for (let at = starts[task] as number; at < (starts[task + 1] as number); at++) {
        const input = inputs[at] as number;
        dependents[next[input] as number] = task;
        next[input] = (next[input] as number) + 1;
      }
    }
    return new Links(from, dependents);
  }

  /** Whether every task comes after its inputs, as a client sends them: then there is no cycle. */
  get isInOrder(): boolean {
    this.#isInOrder ??= this.#findOrder();
    return this.#isInOrder;
  }

  #findOrder(): boolean {
    const { count, starts, inputs } = this;
    for (let task = 0; task < count; task++)
      for (let at = starts[task] as number; at < (starts[task + 1] as number); at++)
        if ((inputs[at] as number) >= task) return false;
    return true;
  }
}
