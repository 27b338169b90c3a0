import type { ClusterEvent } from "../../protocol/record.ts";
import type { ReportMeta } from "../../report/report-data.ts";

// What the scheduler and the thread that writes one report tell each other.

export type ToReportThread =
  | { readonly op: "events"; readonly events: readonly ClusterEvent[] }
  | { readonly op: "write"; readonly meta: ReportMeta };

/** Its only message: the report, or why there is none. */
export interface FromReportThread {
  readonly html?: string | undefined;
  readonly problem?: string | undefined;
}
