import fc from "fast-check";
import { expect, test } from "vitest";
import { type GraphLayout, layOutGraph } from "../../report/page/graph-layout.ts";

const measures = { nodeWidth: 100, nodeHeight: 40, gapX: 50, gapY: 10, margin: 5 };

/** Edges of a graph without circles: each leads to a higher number. */
const anyGraph = fc.integer({ min: 2, max: 30 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    edges: fc.uniqueArray(
      fc.tuple(fc.nat(nodes - 1), fc.nat(nodes - 1)).filter(([from, to]) => from < to),
      { maxLength: 80, selector: String },
    ),
  }),
);

const edgesOf = (pairs: readonly (readonly [number, number])[]) => pairs.map(([from, to]) => ({ from, to }));

function expectApart({ places, width, height }: GraphLayout): void {
  places.forEach((place, index) => {
    expect(place.x).toBeGreaterThanOrEqual(measures.margin + measures.nodeWidth / 2);
    expect(place.x).toBeLessThanOrEqual(width - measures.margin - measures.nodeWidth / 2);
    expect(place.y).toBeGreaterThanOrEqual(measures.margin + measures.nodeHeight / 2 - 1e-6);
    expect(place.y).toBeLessThanOrEqual(height - measures.margin - measures.nodeHeight / 2 + 1e-6);
    for (const other of places.slice(index + 1)) {
      if (other.x === place.x) {
        expect(Math.abs(other.y - place.y)).toBeGreaterThanOrEqual(measures.nodeHeight + measures.gapY - 1e-6);
      }
    }
  });
}

test("nodes stand right of what they take from, and apart", () => {
  fc.assert(
    fc.property(anyGraph, ({ nodes, edges }) => {
      const layout = layOutGraph(nodes, edgesOf(edges), measures);
      expect(layout.places).toHaveLength(nodes);
      for (const [from, to] of edges) expect(layout.places[from]?.x).toBeLessThan(layout.places[to]?.x as number);
      expectApart(layout);
    }),
  );
});

test("names that take from each other in a circle, or from themselves, have a place all the same", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 40 }),
      (nodes, drawn) => {
        const edges = drawn.map(([from, to]) => [from % nodes, to % nodes] as const);
        const layout = layOutGraph(nodes, edgesOf(edges), measures);
        expect(layout.places.filter((place) => place !== undefined)).toHaveLength(nodes);
        expectApart(layout);
      },
    ),
  );
});

test("a chain is a straight line, and chains side by side do not cross", () => {
  const { places } = layOutGraph(
    6,
    edgesOf([
      [0, 2],
      [1, 3],
      [2, 4],
      [3, 5],
    ]),
    measures,
  );
  expect(places[0]?.y).toBe(places[4]?.y);
  expect(places[1]?.y).toBe(places[5]?.y);
});

test("what collects many stands in their middle", () => {
  const { places } = layOutGraph(6, edgesOf([0, 1, 2, 3, 4].map((from) => [from, 5] as const)), measures);
  expect(places[5]?.y).toBeCloseTo(places[2]?.y as number, 6);
});
