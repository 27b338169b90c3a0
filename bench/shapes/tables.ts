import type { GraphNode } from "../../client/graph.ts";
import { type GraphPlan, graphShape, indices, reduce, reductionNodes, sumTree } from "./graph-shape.ts";
import type { Shape } from "./shape.ts";
import {
  addByKey,
  type ByKey,
  concatRows,
  countsByKey,
  divideByKey,
  doubleValues,
  dropThirds,
  groupInto,
  keepEven,
  makeNumbers,
  makeRows,
  mergePrices,
  pairUp,
  pickGroup,
  sortKeys,
  sum,
  sumOfMeans,
  sumOfProducts,
  sumsByKey,
} from "./tasks.ts";

// Graphs as they come from collections and tables in partitions. Each value is small, so that what counts is still the graph.

const fanIn = 8;
const numbersPerPartition = 20;
const rowsPerPartition = 40;
const keysOfGroups = 16;

export const bag: GraphPlan = {
  build(graph, p) {
    const kept = indices(p).map((i) =>
      graph.add(keepEven, [graph.add(makeNumbers, [i * numbersPerPartition, numbersPerPartition])]),
    );
    const mapped = kept.flatMap((left) =>
      kept.map((right) => graph.add(sumOfProducts, [graph.add(pairUp, [left, right])])),
    );
    return sumTree(graph, mapped, fanIn);
  },
  tasks: (p) => 2 * p + 2 * p * p + reductionNodes(p * p, fanIn),
  // Every even number below the count is paired with every one: the square of their sum.
  expected(p) {
    const evens = (p * numbersPerPartition) / 2;
    return (evens * (evens - 1)) ** 2;
  },
};

export const groupby: GraphPlan = {
  build(graph, p) {
    const rows = indices(p).map((i) => {
      const made = graph.add(makeRows, [i * rowsPerPartition, rowsPerPartition, keysOfGroups]);
      return graph.add(dropThirds, [graph.add(doubleValues, [made])]);
    });
    const total = (parts: readonly GraphNode<ByKey>[]): GraphNode<ByKey> =>
      reduce(parts, fanIn, (group) => graph.add(addByKey, [group]));
    const sums = total(rows.map((part) => graph.add(sumsByKey, [part])));
    const counts = total(rows.map((part) => graph.add(countsByKey, [part])));
    const means = graph.add(divideByKey, [graph.add(sortKeys, [sums]), graph.add(sortKeys, [counts])]);
    return graph.add(sumOfMeans, [means]);
  },
  tasks: (p) => 5 * p + 2 * reductionNodes(p, fanIn) + 4,
  expected(p) {
    let total = 0;
    for (let key = 0; key < keysOfGroups; key++) {
      let [sumOfKey, count] = [0, 0];
      for (let i = key; i < p * rowsPerPartition; i += keysOfGroups) {
        if (i % 3 === 0) continue;
        sumOfKey += 2 * i;
        count += 1;
      }
      total += sumOfKey / count;
    }
    return total;
  },
};

export const join: GraphPlan = {
  build(graph, p) {
    const grouped = indices(p).map((i) =>
      graph.add(groupInto, [graph.add(makeRows, [i * rowsPerPartition, rowsPerPartition, 4 * p]), p]),
    );
    const splits = grouped.map((groups) => indices(p).map((j) => graph.add(pickGroup, [groups, j])));
    const worths = indices(p).map((j) =>
      graph.add(mergePrices, [graph.add(concatRows, [splits.flatMap((row) => row.slice(j, j + 1))])]),
    );
    return graph.add(sum, [worths]);
  },
  tasks: (p) => p * p + 4 * p + 1,
  expected(p) {
    let worth = 0;
    for (let i = 0; i < p * rowsPerPartition; i++) worth += i * 3 * (i % (4 * p));
    return worth;
  },
};

export const tables: readonly Shape[] = [
  graphShape(bag, {
    name: "bag",
    family: "bag",
    summary: "40 makes → 40 filters → 40² pairs → 40² maps → tree of fan-in 8",
    size: 40,
    quickSize: 6,
  }),
  graphShape(groupby, {
    name: "groupby",
    family: "groupby",
    summary: "500 partitions, sums and counts by key, reduced 8 at a time, means",
    size: 500,
    quickSize: 20,
  }),
  graphShape(join, {
    name: "join",
    family: "join",
    summary: "50 tables → groups → 50² splits → concatenated → merged → one sum",
    size: 50,
    quickSize: 6,
  }),
];
