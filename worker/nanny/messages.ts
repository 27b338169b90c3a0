import type { WireError } from "../../protocol/errors.ts";
import type { LogLevel } from "../../protocol/logger.ts";
import type { WorkerOptions } from "../worker-options.ts";

/** A nanny to its worker process. Options and token travel here, where no list of processes shows them. */
export type NannyToWorker =
  | {
      readonly kind: "start";
      readonly options: Omit<WorkerOptions, "log">;
      /** To be removed by the worker if it finds itself without its nanny, who would else remove it. */
      readonly temporaryDirectory: string | undefined;
    }
  | { readonly kind: "stop"; readonly how: "drain" | "now" }
  /** It is about to be killed; what it still can say to its scheduler it says now. */
  | { readonly kind: "doomed"; readonly reason: string };

/** A worker process to its nanny. */
export type WorkerToNanny =
  | { readonly kind: "registered"; readonly address: string }
  /** The keys of the tasks that run now. Said when they have changed, but not each time: some come and go unmentioned. */
  | { readonly kind: "running"; readonly keys: readonly string[] }
  /** It could not start, or lost its scheduler; the process ends right after. */
  | { readonly kind: "failed"; readonly error: WireError }
  | { readonly kind: "log"; readonly level: LogLevel; readonly fields: object; readonly message: string };
