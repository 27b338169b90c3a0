import { hostname } from "node:os";
import type { ClusterEvent } from "../../protocol/record.ts";
import { version } from "../../protocol/version.ts";
import { renderReport } from "../../report/html.ts";
import { Recorder } from "../../report/recorder.ts";
import type { ReportMeta } from "../../report/report-data.ts";
import type { Desk } from "../server/desk.ts";
import type { KeptEvents } from "../server/kept-events.ts";
import { runOf } from "../server/watches.ts";
import { HttpError } from "./http-error.ts";
import { liveAssets } from "./live-assets.ts";

/** A report runs scripts of its own: in an origin of its own, where it can ask this scheduler for nothing. */
export const reportPolicy = "sandbox allow-scripts allow-downloads; frame-ancestors 'none'";

export interface ReportSource {
  readonly desk: Desk;
  readonly kept: KeptEvents;
  /** The scheduler's own. */
  readonly address: string;
}

let underWay = false;

/**
 * The performance report of a run, or of everything, as far as its events are kept.
 * @throws HttpError NOT_FOUND, UNAVAILABLE
 */
export async function reportOf(run: string | undefined, source: ReportSource): Promise<string> {
  // Each takes time that others wait for.
  if (underWay) throw new HttpError("UNAVAILABLE", "another report is being written: ask again in a moment");
  underWay = true;
  try {
    const events: ClusterEvent[] = [];
    for (const event of source.kept.all()) if (run === undefined || (runOf(event) ?? run) === run) events.push(event);
    const meta = await metaOf(run, events, source);
    const recorder = new Recorder();
    recorder.add(events);
    // Both are bundled by one service, which the first to be done would stop under the other.
    await liveAssets();
    return await renderReport(recorder.snapshot(meta));
  } finally {
    underWay = false;
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
