/**
 * The order in which a graph's tasks should run so that few results are alive at once: a depth-first walk that finishes a
 * branch before it starts the next, and takes the longest branch first (Sethi and Ullman's rule, 1970: the branch that
 * needs most room goes first, while nothing else is held). Linear in edges, but for sorting each task's inputs.
 *
 * @param deps `deps[i]` are the indices of the tasks whose results task `i` needs; there must be no cycle.
 * @returns `order[i]` is the rank of task `i`; inputs rank before their dependents.
 */
export function graphOrder(deps: readonly (readonly number[])[]): Uint32Array {
  const count = deps.length;
  const heights = graphHeights(deps);
  const order = new Uint32Array(count);
  const entered = new Uint8Array(count);
  const isInput = new Uint8Array(count);
  for (const inputs of deps) for (const input of inputs) isInput[input] = 1;

  let rank = 0;
  const path: { readonly task: number; readonly inputs: readonly number[]; next: number }[] = [];
  const enter = (task: number): void => {
    entered[task] = 1;
    path.push({ task, inputs: longestFirst(deps[task] ?? [], heights), next: 0 });
  };
  for (let sink = 0; sink < count; sink++) {
    if (isInput[sink] === 1) continue;
    enter(sink);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const input = top.inputs[top.next];
      if (input === undefined) {
        order[top.task] = rank;
        rank++;
        path.pop();
      } else {
        top.next++;
        if (entered[input] === 0) enter(input);
      }
    }
  }
  return order;
}

/** How long the longest way down to a task without inputs is, for each task. */
function graphHeights(deps: readonly (readonly number[])[]): Uint32Array {
  const heights = new Uint32Array(deps.length);
  for (const task of topological(deps).sorted) {
    for (const input of deps[task] ?? []) heights[task] = Math.max(heights[task] ?? 0, (heights[input] ?? 0) + 1);
  }
  return heights;
}

function longestFirst(inputs: readonly number[], heights: Uint32Array): readonly number[] {
  const first = heights[inputs[0] ?? 0];
  if (inputs.every((input) => heights[input] === first)) return inputs;
  return [...inputs].sort((a, b) => (heights[b] ?? 0) - (heights[a] ?? 0));
}

/**
 * Kahn's algorithm (1962). `sorted` has inputs before dependents; when it is shorter than the graph, `cyclic` lists tasks
 * that lie on a cycle or behind one.
 */
export function topological(deps: readonly (readonly number[])[]): { sorted: number[]; cyclic: number[] } {
  const count = deps.length;
  const missing = new Uint32Array(count);
  const dependents: number[][] = Array.from({ length: count }, () => []);
  deps.forEach((inputs, task) => {
    missing[task] = inputs.length;
    for (const input of inputs) (dependents[input] as number[]).push(task);
  });
  const sorted: number[] = [];
  for (let task = 0; task < count; task++) if (missing[task] === 0) sorted.push(task);
  for (let i = 0; i < sorted.length; i++) {
    for (const dependent of dependents[sorted[i] as number] as number[]) {
      const left = (missing[dependent] as number) - 1;
      missing[dependent] = left;
      if (left === 0) sorted.push(dependent);
    }
  }
  const cyclic: number[] = [];
  if (sorted.length < count)
    for (let task = 0; task < count; task++) if ((missing[task] as number) > 0) cyclic.push(task);
  return { sorted, cyclic };
}
