import type { AttemptRecord } from "./attempt-record.ts";
import type { FleetRecord } from "./fleet-record.ts";
import type { Interner } from "./interner.ts";
import type { MoveRecord } from "./move-record.ts";
import type { ProfileRecord } from "./profile-record.ts";
import type { Rolling } from "./rolling.ts";
import type { VitalsRecord } from "./vitals-record.ts";

/** Everything that a recorder knows, for whoever makes a report of it. */
export interface Records {
  readonly names: Interner;
  readonly workers: Interner;
  readonly attempts: AttemptRecord;
  readonly moves: MoveRecord;
  readonly fleet: FleetRecord;
  readonly ends: Rolling<"atMs" | "isFailed", "key" | "name" | "code" | "message" | "origin">;
  readonly vitals: Map<string, VitalsRecord>;
  readonly profiles: { readonly tasks: ProfileRecord; readonly scheduler: ProfileRecord };
  readonly logs: Rolling<"atMs" | "level" | "source", "worker" | "key" | "text">;
  readonly counts: Counts;
}

export interface Counts {
  submitted: number;
  failed: number;
  cancelled: number;
  /** Left out before they came here. */
  eventsDropped: number;
  logLinesDropped: number;
  vitalsDropped: number;
}
