import type { GraphEdge } from "../report-data.ts";

// A layout in layers of our own. Libraries do this with care for every bend of every arrow, and take 16 s for 75 tasks that
// all take the results of 75 others; a page must not stop for that.

export interface NodePlace {
  /** Of its middle. */
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout {
  readonly places: readonly NodePlace[];
  readonly width: number;
  readonly height: number;
}

export interface GraphMeasures {
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  readonly gapX: number;
  readonly gapY: number;
  readonly margin: number;
}

type Edge = Pick<GraphEdge, "from" | "to">;

/** How often layers are put in the order of their neighbours: more changes little. */
const sweeps = 8;

/** From left to right: each node right of all that it takes from, and near to it. */
export function layOutGraph(nodes: number, edges: readonly Edge[], measures: GraphMeasures): GraphLayout {
  const { nodeWidth, nodeHeight, gapX, gapY, margin } = measures;
  const forward = withoutCircles(nodes, edges);
  const [before, after] = [neighbours(nodes, forward, "to", "from"), neighbours(nodes, forward, "from", "to")];
  const layers = layersOf(nodes, before, after);
  const y = new Float64Array(nodes);
  for (const layer of layers) {
    layer.forEach((node, index) => {
      y[node] = index;
    });
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const isForward = sweep % 2 === 0;
    const near = isForward ? before : after;
    for (const layer of isForward ? layers : layers.toReversed()) {
      // Ties keep their order, so that equal chains do not cross.
      const wanted = new Map(layer.map((node) => [node, mean(near[node] ?? [], y) ?? (y[node] as number)]));
      layer.sort((a, b) => (wanted.get(a) as number) - (wanted.get(b) as number));
      apart(layer.map((node) => wanted.get(node) as number)).forEach((place, index) => {
        y[layer[index] as number] = place;
      });
    }
  }
  const top = y.reduce((least, place) => Math.min(least, place), Number.POSITIVE_INFINITY);
  const bottom = y.reduce((most, place) => Math.max(most, place), Number.NEGATIVE_INFINITY);
  const places: NodePlace[] = [];
  layers.forEach((layer, column) => {
    const x = margin + nodeWidth / 2 + column * (nodeWidth + gapX);
    for (const node of layer) {
      places[node] = { x, y: margin + nodeHeight / 2 + ((y[node] as number) - top) * (nodeHeight + gapY) };
    }
  });
  return {
    places,
    width: 2 * margin + layers.length * (nodeWidth + gapX) - gapX,
    height: 2 * margin + nodeHeight + (bottom - top) * (nodeHeight + gapY),
  };
}

/** Names may take from each other in a circle, though tasks do not: what leads back along a path does not count. */
function withoutCircles(nodes: number, edges: readonly Edge[]): Edge[] {
  const after = neighbours(nodes, edges, "from", "to");
  const state = new Uint8Array(nodes);
  const back = new Set<number>();
  for (let start = 0; start < nodes; start++) {
    const path = state[start] === 0 ? [{ node: start, next: 0 }] : [];
    state[start] = state[start] || 1;
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = after[top.node]?.[top.next++];
      if (to === undefined) {
        state[top.node] = 2;
        path.pop();
      } else if (state[to] === 1) back.add(top.node * nodes + to);
      else if (state[to] === 0) {
        state[to] = 1;
        path.push({ node: to, next: 0 });
      }
    }
  }
  return edges.filter(({ from, to }) => !back.has(from * nodes + to));
}

function neighbours(nodes: number, edges: readonly Edge[], of: keyof Edge, near: keyof Edge): number[][] {
  const all: number[][] = Array.from({ length: nodes }, () => []);
  for (const edge of edges) all[edge[of]]?.push(edge[near]);
  return all;
}

/** A node's layer is one past the last of those that it takes from. */
function layersOf(nodes: number, before: readonly number[][], after: readonly number[][]): number[][] {
  const missing = before.map((own) => own.length);
  const layerOf = new Uint32Array(nodes);
  const ready = missing.flatMap((count, node) => (count === 0 ? [node] : []));
  const layers: number[][] = [];
  for (let node = ready.shift(); node !== undefined; node = ready.shift()) {
    const layer = layerOf[node] as number;
    const own = layers[layer] ?? [];
    layers[layer] = own;
    own.push(node);
    for (const to of after[node] ?? []) {
      layerOf[to] = Math.max(layerOf[to] as number, layer + 1);
      missing[to] = (missing[to] as number) - 1;
      if (missing[to] === 0) ready.push(to);
    }
  }
  return layers;
}

function mean(nodes: readonly number[], y: Float64Array): number | undefined {
  if (nodes.length === 0) return undefined;
  return nodes.reduce((sum, node) => sum + (y[node] as number), 0) / nodes.length;
}

/** The nearest places to those wanted, in their order, that are at least 1 apart: the middle of pushing down and pushing up. */
function apart(wanted: readonly number[]): number[] {
  const down = [...wanted];
  for (let index = 1; index < down.length; index++) {
    down[index] = Math.max(down[index] as number, (down[index - 1] as number) + 1);
  }
  const up = [...wanted];
  for (let index = up.length - 2; index >= 0; index--) {
    up[index] = Math.min(up[index] as number, (up[index + 1] as number) - 1);
  }
  return down.map((place, index) => (place + (up[index] as number)) / 2);
}
