import type { ClusterError } from "../../protocol/errors.ts";
import type { SlotHost } from "./slot-host.ts";
import type { SlotRun } from "./slot-run.ts";

/** Where a slot's thread or process stands, with what exists there. */
export type SlotState =
  /** To be started, or started again. */
  | { readonly kind: "waiting"; readonly cancelWait: () => void }
  | { readonly kind: "starting"; readonly host: SlotHost; readonly cancelDeadline: () => void }
  | { readonly kind: "idle"; readonly host: SlotHost }
  | { readonly kind: "busy"; readonly host: SlotHost; readonly run: SlotRun }
  /** `stuck`: the kill ladder came to nothing; should it end after all, a successor takes its place. */
  | { readonly kind: "ending"; readonly host: SlotHost; readonly run: SlotRun | undefined; readonly stuck: boolean }
  | { readonly kind: "broken"; readonly error: ClusterError }
  | { readonly kind: "stopped" };
