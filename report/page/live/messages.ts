import type { ClusterInfo } from "../../../protocol/cluster-info.ts";
import type { GroupView, RunView, Told } from "../../../protocol/cluster-view.ts";
import type { ClusterEvent } from "../../../protocol/record.ts";

/** How the cluster stands, told about once a second. */
export interface Figures {
  readonly kind: "figures";
  readonly atMs: number;
  readonly cluster: ClusterInfo;
  readonly runs: Told<RunView>;
  readonly groups: Told<GroupView> | null;
}

/** What the scheduler tells a page, as JSON, by WebSocket or as server-sent events. */
export type LiveMessage = Figures | { readonly kind: "events"; readonly events: readonly ClusterEvent[] };
