import type { ClusterEvent, LogLine, TaskEndEvent } from "../protocol/record.ts";
import { AttemptRecord } from "./attempt-record.ts";
import { FleetRecord } from "./fleet-record.ts";
import { Interner } from "./interner.ts";
import { cut, distinctMax, type RecorderLimits, type ResolvedLimits, resolveLimits } from "./limits.ts";
import { MoveRecord } from "./move-record.ts";
import { ProfileRecord } from "./profile-record.ts";
import type { Records } from "./records.ts";
import { logLevels, logSources, type ReportData, type ReportMeta } from "./report-data.ts";
import { Rolling } from "./rolling.ts";
import { takeSnapshot } from "./snapshot.ts";
import { VitalsRecord } from "./vitals-record.ts";

/**
 * Takes in what happened on a cluster, and makes of it what reports and the dashboard show. It keeps a bounded number of
 * rows of everything; totals count all that it was ever told.
 */
export class Recorder {
  readonly #limits: ResolvedLimits;
  readonly #records: Records;

  constructor(limits: RecorderLimits = {}) {
    this.#limits = resolveLimits(limits);
    const names = new Interner(distinctMax, "(others)");
    const workers = new Interner(distinctMax, "(others)");
    this.#records = {
      names,
      workers,
      attempts: new AttemptRecord(this.#limits, names, workers),
      moves: new MoveRecord(this.#limits, workers),
      fleet: new FleetRecord(this.#limits, workers),
      ends: new Rolling(this.#limits.endsMax, ["atMs", "isFailed"], ["key", "name", "code", "message", "origin"]),
      vitals: new Map(),
      profiles: { tasks: new ProfileRecord(), scheduler: new ProfileRecord() },
      logs: new Rolling(this.#limits.logLinesMax, ["atMs", "level", "source"], ["worker", "key", "text"]),
      counts: { submitted: 0, failed: 0, cancelled: 0, eventsDropped: 0, logLinesDropped: 0, vitalsDropped: 0 },
    };
  }

  add(events: readonly ClusterEvent[]): void {
    for (const event of events) this.#take(event);
  }

  /** What is known by now. More may be added afterwards, and does not change it. */
  snapshot(meta: ReportMeta): ReportData {
    return takeSnapshot(this.#records, meta);
  }

  #take(event: ClusterEvent): void {
    const { attempts, moves, fleet, profiles, counts } = this.#records;
    switch (event.kind) {
      case "submitted":
        counts.submitted += event.tasks;
        return;
      case "attempt":
        return attempts.add(event);
      case "task-end":
        return this.#end(event);
      case "transfer":
        return moves.addTransfer(event);
      case "disk":
        return moves.addDisk(event);
      case "worker":
        return fleet.addChange(event);
      case "scaling":
        return fleet.addDecision(event.decision);
      case "vitals":
        return this.#vitalsOf(event.process)?.add(event);
      case "profile":
        return profiles[event.process === "scheduler" ? "scheduler" : "tasks"].add(event.frames);
      case "log":
        return this.#log(event.line);
      case "dropped":
        if (event.what === "events") counts.eventsDropped += event.count;
        else counts.logLinesDropped += event.count;
        return;
      default:
        event satisfies never;
    }
  }

  #end({ atMs, state, key, name, code, message, origin }: TaskEndEvent): void {
    const { counts, ends } = this.#records;
    if (state === "failed") counts.failed++;
    else counts.cancelled++;
    ends.add(
      { atMs, isFailed: state === "failed" ? 1 : 0 },
      { key: cut(key), name: cut(name), code, message: cut(message), origin: cut(origin) },
    );
  }

  #log({ atMs, level, source, worker = "", key = "", text }: LogLine): void {
    this.#records.logs.add(
      { atMs, level: logLevels.indexOf(level), source: logSources.indexOf(source) },
      { worker, key: cut(key), text: cut(text) },
    );
  }

  #vitalsOf(process: string): VitalsRecord | undefined {
    const { vitals, counts } = this.#records;
    let record = vitals.get(process);
    if (record === undefined) {
      if (vitals.size >= distinctMax) {
        counts.vitalsDropped++;
        return undefined;
      }
      record = new VitalsRecord(process, this.#limits.vitalsMax);
      vitals.set(process, record);
    }
    return record;
  }
}
