import { once } from "node:events";
import { hostname } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { ClusterEvent } from "../../protocol/record.ts";
import { version } from "../../protocol/version.ts";
import type { ReportMeta } from "../../report/report-data.ts";
import type { Desk } from "../server/desk.ts";
import type { KeptEvents } from "../server/kept-events.ts";
import { runOf } from "../server/watches.ts";
import { HttpError } from "./http-error.ts";
import type { FromReportThread, ToReportThread } from "./report-messages.ts";

/** A report runs scripts of its own: in an origin of its own, where it can ask this scheduler for nothing. */
export const reportPolicy = "sandbox allow-scripts allow-downloads; frame-ancestors 'none'";

export interface ReportSource {
  readonly desk: Desk;
  readonly kept: KeptEvents;
  /** The scheduler's own. */
  readonly address: string;
}

/** Handed over in pieces, between which the scheduler goes on with its own work. */
const pieceEvents = 2_000;

let underWay = false;

/**
 * The performance report of a run, or of everything, as far as its events are kept. It is made in a thread of its own: of
 * many events it takes seconds, for which nobody else should have to wait.
 * @throws HttpError NOT_FOUND, UNAVAILABLE
 */
export async function reportOf(run: string | undefined, source: ReportSource): Promise<string> {
  // Each holds a copy of all that is kept.
  if (underWay) throw new HttpError("UNAVAILABLE", "another report is being written: ask again in a moment");
  underWay = true;
  try {
    const events: ClusterEvent[] = [];
    for (const event of source.kept.all()) if (run === undefined || (runOf(event) ?? run) === run) events.push(event);
    return await written(events, await metaOf(run, events, source));
  } finally {
    underWay = false;
  }
}

async function written(events: readonly ClusterEvent[], meta: ReportMeta): Promise<string> {
  const entry = import.meta.url.endsWith(".ts") ? "./report-thread.ts" : "./report-thread.js";
  const thread = new Worker(new URL(entry, import.meta.url), { name: "muster report" });
  try {
    const told = once(thread, "message") as Promise<[FromReportThread]>;
    // Looked at below; what goes wrong before that must not go unheard either.
    told.catch(() => undefined);
    for (let at = 0; at < events.length; at += pieceEvents) {
      thread.postMessage({ op: "events", events: events.slice(at, at + pieceEvents) } satisfies ToReportThread);
      await setImmediate();
    }
    thread.postMessage({ op: "write", meta } satisfies ToReportThread);
    const [answer] = await told;
    if (answer.html === undefined) throw new Error(`the report could not be written: ${answer.problem}`);
    return answer.html;
  } finally {
    await thread.terminate();
  }
}

async function metaOf(
  run: string | undefined,
  events: readonly ClusterEvent[],
  { desk, address }: ReportSource,
): Promise<ReportMeta> {
  const { runs } = await desk.ask({ kind: "info" });
  const counts = runs.find((each) => each.run === run);
  const own = events.filter((event) => run === undefined || runOf(event) === run);
  if (own.length === 0 && counts === undefined && run !== undefined)
    throw new HttpError("NOT_FOUND", `nothing is known of a run "${run}": it is not there now, nor is it remembered`);
  const isOver = counts === undefined ? run !== undefined : counts.waiting + counts.running === 0;
  const failed = own.some((event) => event.kind === "task-end" && event.state === "failed");
  const times = own.flatMap(timesOf);
  const nowMs = Date.now();
  return {
    title: run ?? "All runs of this scheduler",
    outcome: isOver ? (failed ? "failed" : "succeeded") : "running",
    state: isOver ? "No task is left to do" : "Running",
    message: "",
    startMs: times.reduce((least, ms) => Math.min(least, ms), nowMs),
    endMs: isOver ? times.reduce((most, ms) => Math.max(most, ms), 0) || nowMs : nowMs,
    address,
    host: hostname(),
    version,
    nodeVersion: process.version,
  };
}

function timesOf(event: ClusterEvent): number[] {
  if (event.kind === "attempt") return [event.startMs, event.endMs];
  return event.kind === "submitted" || event.kind === "task-end" ? [event.atMs] : [];
}
