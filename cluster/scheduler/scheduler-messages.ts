import type { WireError } from "../../protocol/errors.ts";
import type { LogLevel } from "../../protocol/logger.ts";

// What the user's thread and the scheduler's thread tell each other.

/** Given when the thread is started. */
export interface SchedulerThreadOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly dashboard: boolean | number;
  readonly noWorkersTimeoutMs: number | undefined;
  readonly allowedWorkerLosses: number;
}

export type ToSchedulerThread =
  | { readonly op: "close"; readonly reason: string }
  | { readonly op: "close-when-idle"; readonly idleTimeoutMs: number };

export type FromSchedulerThread =
  | { readonly op: "started"; readonly address: string; readonly dashboardUrl: string | undefined }
  | { readonly op: "failed"; readonly error: WireError }
  | { readonly op: "log"; readonly level: LogLevel; readonly fields: object; readonly message: string }
  /** The last message; `error` when it ended because it found itself broken. */
  | { readonly op: "closed"; readonly error?: WireError | undefined };
