import { type AttemptColumns, type EndColumns, fates, type NameRow, type WorkerRow } from "../report-data.ts";
import type { NameColours } from "./colours.ts";
import { type Child, el } from "./dom.ts";
import { bytes, count, duration, moment, percent } from "./format.ts";
import { type Column, Table } from "./table.ts";

function number<Row>(
  title: string,
  by: (row: Row) => number,
  format: (value: number) => string,
  hint?: string,
): Column<Row> {
  return { title, by, isNumber: true, show: (row) => format(by(row)), ...(hint ? { hint } : {}) };
}

const orBlank = (value: number): string => (value === 0 ? "–" : count(value));

/** A name behind a patch of its colour. */
export function swatched(name: string, colours: NameColours): Child {
  const patch = el("span", { class: "swatch" });
  patch.style.background = colours.of(name);
  return el("span", { class: "name" }, patch, name);
}

/** A line for each name of tasks. */
export function namesTable(colours: NameColours): Table<NameRow> {
  return new Table({
    label: "Tasks by name",
    columns: [
      { title: "Task", by: ({ name }) => name, show: ({ name }) => swatched(name, colours) },
      number("Done", ({ done }) => done, count, "Attempts that gave a result"),
      number("Failed", ({ failed }) => failed, orBlank, "Attempts that failed"),
      number("Cancelled", ({ cancelled }) => cancelled, orBlank, "Attempts that were cancelled"),
      number("Lost", ({ lost }) => lost, orBlank, "Attempts that were lost with their worker"),
      number("Least", ({ minMs }) => minMs, duration, "The shortest that gave a result"),
      number("Median", ({ medianMs }) => medianMs, duration),
      number("95 %", ({ p95Ms }) => p95Ms, duration, "95 of 100 took no longer"),
      number("Most", ({ maxMs }) => maxMs, duration, "The longest that gave a result"),
      number("Total", ({ totalMs }) => totalMs, duration, "Of all attempts together"),
      number("Results", (row) => row.bytes, bytes, "Size of all results together"),
    ],
    empty: "No attempt at a task had ended when this was written.",
    sortedBy: 9,
  });
}

export interface AttemptRow {
  readonly key: string;
  readonly name: string;
  readonly worker: string;
  readonly startMs: number;
  readonly tookMs: number;
  readonly bytes: number;
  readonly fate: string;
}

/** The attempts at some rows, one object each. */
export function attemptRowsAt(
  rows: Uint32Array,
  attempts: AttemptColumns,
  names: readonly NameRow[],
  workers: readonly WorkerRow[],
): AttemptRow[] {
  return Array.from(rows, (row) => ({
    key: attempts.key.at(row) ?? "",
    name: names[attempts.name[row] as number]?.name ?? "",
    worker: workers[attempts.worker[row] as number]?.name ?? "",
    startMs: attempts.startMs[row] as number,
    tookMs: (attempts.endMs[row] as number) - (attempts.startMs[row] as number),
    bytes: attempts.bytes[row] as number,
    fate: fates[attempts.fate[row] as number] ?? "",
  }));
}

export function slowestTable(colours: NameColours): Table<AttemptRow> {
  return new Table({
    label: "Slowest attempts",
    columns: [
      { title: "Key", isLong: true, by: ({ key }) => key, show: ({ key }) => key },
      { title: "Task", by: ({ name }) => name, show: ({ name }) => swatched(name, colours) },
      number("Took", ({ tookMs }) => tookMs, duration),
      number("Started", ({ startMs }) => startMs, moment),
      { title: "Worker", by: ({ worker }) => worker, show: ({ worker }) => worker },
      number("Result", (row) => row.bytes, bytes),
      { title: "End", by: ({ fate }) => fate, show: ({ fate }) => fate },
    ],
    empty: "No attempt at a task had ended when this was written.",
    sortedBy: 2,
    rowsMax: 10,
  });
}

export function workersTable(): Table<WorkerRow> {
  return new Table({
    label: "Workers",
    columns: [
      { title: "Worker", by: ({ name }) => name, show: ({ name }) => name },
      { title: "Host", by: ({ host }) => host, show: ({ host }) => host },
      number("Slots", ({ slots }) => slots, orBlank),
      number("Attempts", ({ attempts }) => attempts, count),
      number("Busy", ({ busyMs }) => busyMs, duration, "Time of all its attempts together"),
      number(
        "Utilisation",
        ({ busyMs, slotMs }) => (slotMs > 0 ? Math.min(1, busyMs / slotMs) : Number.NaN),
        percent,
        "Part of its slots' time in which something ran",
      ),
      number(
        "Memory limit",
        ({ memoryLimitBytes }) => memoryLimitBytes,
        (value) => (value === 0 ? "–" : bytes(value)),
      ),
      {
        title: "Last known",
        isLong: true,
        by: ({ state }) => state,
        show: ({ state, reason }) => (reason === "" ? state : `${state}: ${reason}`),
      },
    ],
    empty: "No worker was there.",
    rowsMax: 12,
  });
}

/** Tasks that ended alike. */
export interface EndGroup {
  readonly state: "failed" | "cancelled";
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly tasks: number;
  readonly firstKey: string;
  /** The key of the task whose own end it was, where that is another one. */
  readonly origin: string;
}

export function endGroups(ends: EndColumns): EndGroup[] {
  const groups = new Map<string, { -readonly [Name in keyof EndGroup]: EndGroup[Name] }>();
  for (let row = 0; row < ends.count; row++) {
    const text = (column: "name" | "code" | "message" | "key" | "origin"): string => ends[column].at(row) ?? "";
    const state = ends.isFailed[row] === 1 ? "failed" : "cancelled";
    const origin = text("origin") === text("key") ? "" : text("origin");
    const id = JSON.stringify([state, text("name"), text("code"), text("message"), origin]);
    const group = groups.get(id);
    if (group) group.tasks++;
    else {
      const [name, code, message, firstKey] = [text("name"), text("code"), text("message"), text("key")];
      groups.set(id, { state, name, code, message, tasks: 1, firstKey, origin });
    }
  }
  // What failed by itself explains the rest.
  return [...groups.values()].sort((a, b) => Number(a.origin !== "") - Number(b.origin !== "") || b.tasks - a.tasks);
}

export function endsTable(): Table<EndGroup> {
  return new Table({
    label: "Tasks without a result",
    columns: [
      { title: "Task", by: ({ name }) => name, show: ({ name }) => name },
      number("Tasks", ({ tasks }) => tasks, count),
      { title: "End", by: ({ state }) => state, show: ({ state }) => state },
      { title: "Code", by: ({ code }) => code, show: ({ code }) => el("code", {}, code) },
      { title: "Why", isLong: true, show: ({ message }) => el("span", { class: "message" }, message) },
      { title: "First key", isLong: true, by: ({ firstKey }) => firstKey, show: ({ firstKey }) => firstKey },
      { title: "Because of", isLong: true, by: ({ origin }) => origin, show: ({ origin }) => origin || "itself" },
    ],
    empty: "Every task that ended has a result.",
    rowsMax: 12,
  });
}
