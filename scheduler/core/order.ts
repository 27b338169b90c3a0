import { Links } from "./links.ts";

/**
 * The order in which a graph's tasks should run so that few results are alive at once: a depth-first walk that finishes a
 * branch before it starts the next, and takes the longest branch first (Sethi and Ullman's rule, 1970: the branch that
 * needs most room goes first, while nothing else is held). Linear in links, but for sorting each task's inputs.
 *
 * @param deps which tasks' results each task needs, by index; there must be no cycle.
 * @returns `order[i]` is the rank of task `i`; inputs rank before their dependents.
 */
export function graphOrder(deps: Links | readonly (readonly number[])[]): Uint32Array {
  const links = longestFirst(linksOf(deps));
  const { count, starts, inputs } = links;
  const order = new Uint32Array(count);
  const entered = new Uint8Array(count);
  const isInput = new Uint8Array(count);
  for (const input of inputs) isInput[input] = 1;

  let rank = 0;
  /** Where the walk goes on at each task. */
  const next = starts.slice();
  const path = new Uint32Array(count);
  for (let sink = 0; sink < count; sink++) {
    if (isInput[sink] === 1) continue;
    path[0] = sink;
    for (let depth = 1; depth > 0; ) {
      const task = path[depth - 1] as number;
      const at = next[task] as number;
      if (at === starts[task + 1]) {
        order[task] = rank;
        rank++;
        depth--;
        continue;
      }
      next[task] = at + 1;
      const input = inputs[at] as number;
      if (entered[input] === 1) continue;
      entered[input] = 1;
      path[depth] = input;
      depth++;
    }
  }
  return order;
}

/** The same links, with each task's inputs in the order in which their branches should run. */
function longestFirst(links: Links): Links {
  const { count, starts } = links;
  const heights = graphHeights(links);
  const height = (task: number): number => heights[task] as number;
  let { inputs } = links;
  for (let task = 0; task < count; task++) {
    const [start, end] = [starts[task] as number, starts[task + 1] as number];
    let isSorted = true;
    for (let at = start + 1; at < end && isSorted; at++)
      isSorted = height(inputs[at - 1] as number) >= height(inputs[at] as number);
    if (isSorted) continue;
    const sorted = Array.from(inputs.subarray(start, end)).sort((a, b) => height(b) - height(a));
    if (inputs === links.inputs) inputs = inputs.slice();
    inputs.set(sorted, start);
  }
  return inputs === links.inputs ? links : new Links(starts, inputs);
}

/** How long the longest way down to a task without inputs is, for each task. */
function graphHeights(links: Links): Uint32Array {
  const { count, starts, inputs } = links;
  const heights = new Uint32Array(count);
  const sorted = links.isInOrder ? undefined : topological(links).sorted;
  for (let i = 0; i < count; i++) {
    const task = sorted === undefined ? i : (sorted[i] as number);
    let height = 0;
    for (let at = starts[task] as number; at < (starts[task + 1] as number); at++)
      height = Math.max(height, (heights[inputs[at] as number] as number) + 1);
    heights[task] = height;
  }
  return heights;
}

/**
 * Kahn's algorithm (1962). `sorted` has inputs before dependents; when it is shorter than the graph, `cyclic` lists tasks
 * that lie on a cycle or behind one.
 */
export function topological(deps: Links | readonly (readonly number[])[]): { sorted: number[]; cyclic: number[] } {
  const links = linksOf(deps);
  const { count, starts } = links;
  const dependents = links.reversed();
  const missing = new Uint32Array(count);
  const sorted: number[] = [];
  for (let task = 0; task < count; task++) {
    missing[task] = (starts[task + 1] as number) - (starts[task] as number);
    if (missing[task] === 0) sorted.push(task);
  }
  for (let i = 0; i < sorted.length; i++) {
    for (const dependent of dependents.of(sorted[i] as number)) {
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

const linksOf = (deps: Links | readonly (readonly number[])[]): Links =>
  deps instanceof Links ? deps : Links.of(deps);
