import { type GraphPlan, graphShape, indices, reductionNodes, sumTree } from "./graph-shape.ts";
import type { Shape } from "./shape.ts";
import { add, inc, sum } from "./tasks.ts";

// Graphs of functions that do next to nothing: what they measure is what a task costs.

/** inc(0) … inc(n - 1) are 1 … n. */
const sumOfIncs = (n: number): number => (n * (n + 1)) / 2;

export const merge: GraphPlan = {
  build: (graph, n) => graph.add(sum, [indices(n).map((i) => graph.add(inc, [i]))]),
  tasks: (n) => n + 1,
  expected: sumOfIncs,
};

export const tree: GraphPlan = {
  build: (graph, leaves) =>
    sumTree(
      graph,
      indices(leaves).map((i) => graph.add(inc, [i])),
      2,
    ),
  tasks: (leaves) => leaves + reductionNodes(leaves, 2),
  expected: sumOfIncs,
};

export const chain: GraphPlan = {
  build(graph, links) {
    let last = graph.add(inc, [0]);
    for (let i = 1; i < links; i++) last = graph.add(inc, [last]);
    return last;
  },
  tasks: (links) => links,
  expected: (links) => links,
};

export const shuffle: GraphPlan = {
  build(graph, p) {
    const inputs = indices(p).map((i) => graph.add(inc, [i]));
    const splits = inputs.map((input) => indices(p).map((j) => graph.add(add, [input, j])));
    const outputs = indices(p).map((j) => graph.add(sum, [splits.flatMap((row) => row.slice(j, j + 1))]));
    return graph.add(sum, [outputs]);
  },
  tasks: (p) => p + p * p + p + 1,
  // All (i + 1) + j, for i and j from 0 to p - 1.
  expected: (p) => p ** 3,
};

export const mergeOf = (label: string, size: number): Shape =>
  graphShape(merge, {
    name: `merge-${label}`,
    family: "merge",
    summary: `${size.toLocaleString("en")} × inc(i), one sum over all`,
    size,
    quickSize: 1_000,
  });

const chainShape = graphShape(chain, {
  name: "chain-2k",
  family: "chain",
  summary: "2,000 × inc, each on the one before",
  size: 2_000,
  quickSize: 200,
});

export const plainGraphs: readonly Shape[] = [
  mergeOf("10k", 10_000),
  mergeOf("25k", 25_000),
  mergeOf("100k", 100_000),
  graphShape(tree, {
    name: "tree-8k",
    family: "tree",
    summary: "8,192 leaves, pairwise sums down to one",
    size: 8_192,
    quickSize: 256,
  }),
  {
    ...chainShape,
    figures: [{ name: "µs/link", better: "lower" }],
    async measure(bed, size) {
      const { "tasks/s": linksPerSecond = 0 } = await chainShape.measure(bed, size);
      return { "µs/link": 1e6 / linksPerSecond };
    },
  },
  graphShape(shuffle, {
    name: "shuffle-100",
    family: "shuffle",
    summary: "100 inputs, 100² splits, 100 outputs over 100 splits each, one sum",
    size: 100,
    quickSize: 12,
  }),
];
