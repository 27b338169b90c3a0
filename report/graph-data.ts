import { at } from "./cell.ts";
import type { Links } from "./links.ts";
import type { Order } from "./order.ts";
import type { Records } from "./records.ts";
import type { AttemptColumns, GraphEdge, GraphNode, TaskGraph } from "./report-data.ts";

/** More tasks than this are shown by name. */
const tasksMax = 150;
/** More names than this make no picture. */
const groupsMax = 80;

const nodesMax = Math.max(tasksMax, groupsMax);

/** How the rows of attempts become nodes. */
interface Nodes {
  readonly nodes: GraphNode[];
  /** The node of a row; undefined where it is left out. */
  nodeOf(row: number): number | undefined;
}

export function graphFrom(
  records: Records,
  columns: AttemptColumns,
  links: Links,
  names: Order,
  criticalRows: readonly number[],
): TaskGraph {
  const tasks = new Set(columns.task);
  const isGrouped = tasks.size > tasksMax || records.attempts.kept.dropped > 0;
  const critical = new Set(criticalRows);
  const { nodes, nodeOf } = isGrouped ? groups(records, columns, names, critical) : everyTask(columns, tasks, critical);
  const omitted = isGrouped ? names.texts.length - nodes.length : 0;
  return { isGrouped, nodes, edges: edgesOf(columns, links, nodeOf, criticalRows), omitted };
}

function everyTask(columns: AttemptColumns, tasks: ReadonlySet<number>, critical: ReadonlySet<number>): Nodes {
  const { count, task, name, fate, startMs, endMs, key } = columns;
  const places = new Map(Array.from(tasks, (id, place) => [id, place]));
  const rows: number[][] = Array.from(tasks, () => []);
  for (let row = 0; row < count; row++) rows[places.get(at(task, row)) as number]?.push(row);
  const nodes = rows.map((own): GraphNode => {
    const last = own.reduce((latest, row) => (at(endMs, row) >= at(endMs, latest) ? row : latest), own[0] as number);
    const isDone = own.some((row) => fate[row] === 0);
    return {
      label: key.at(last) ?? "",
      name: at(name, last),
      done: isDone ? 1 : 0,
      failed: !isDone && fate[last] === 1 ? 1 : 0,
      cancelled: !isDone && fate[last] === 2 ? 1 : 0,
      totalMs: own.reduce((sum, row) => sum + at(endMs, row) - at(startMs, row), 0),
      onCriticalPath: own.some((row) => critical.has(row)),
    };
  });
  return { nodes, nodeOf: (row) => places.get(at(task, row)) };
}

function groups({ attempts }: Records, { name }: AttemptColumns, names: Order, critical: ReadonlySet<number>): Nodes {
  const criticalNames = new Set(Array.from(critical, (row) => at(name, row)));
  const nodes = names.numbers.slice(0, groupsMax).map((number, place): GraphNode => {
    const [done = 0, failed = 0, cancelled = 0] = attempts.byName[number]?.fates ?? [];
    return {
      label: names.texts[place] as string,
      name: place,
      done,
      failed,
      cancelled,
      totalMs: attempts.byName[number]?.totalMs ?? 0,
      onCriticalPath: criticalNames.has(place),
    };
  });
  return { nodes, nodeOf: (row) => (at(name, row) < nodes.length ? at(name, row) : undefined) };
}

function edgesOf(
  { count }: AttemptColumns,
  { deps }: Links,
  nodeOf: Nodes["nodeOf"],
  criticalRows: readonly number[],
): GraphEdge[] {
  const edges = new Map<number, { from: number; to: number; count: number; onCriticalPath: boolean }>();
  const edgeOf = (fromRow: number, toRow: number) => {
    const from = nodeOf(fromRow);
    const to = nodeOf(toRow);
    if (from === undefined || to === undefined) return undefined;
    const pair = from * nodesMax + to;
    const edge = edges.get(pair) ?? { from, to, count: 0, onCriticalPath: false };
    edges.set(pair, edge);
    return edge;
  };
  for (let row = 0; row < count; row++) {
    for (const dep of deps[row] ?? []) {
      const edge = edgeOf(dep, row);
      if (edge) edge.count++;
    }
  }
  criticalRows.forEach((row, index) => {
    const edge = index === 0 ? undefined : edgeOf(criticalRows[index - 1] as number, row);
    if (edge) edge.onCriticalPath = true;
  });
  return [...edges.values()];
}
