import type { LogLevel } from "../protocol/logger.ts";
import type { LogLine } from "../protocol/record.ts";
import type { Session } from "./session.ts";
import { checkOptions, isCount, isKey, isName, type OptionChecks, oneOf } from "./task-options.ts";

export type { LogLine } from "../protocol/record.ts";

export interface LogsOptions {
  /** Only what tasks of this run wrote. Default: of any, and what belongs to no task. */
  readonly run?: string | undefined;
  /** Only of this worker, by its name, and of the tasks that ran there. */
  readonly worker?: string | undefined;
  /** Only what the task of this key wrote. */
  readonly key?: string | undefined;
  /** Only what is at least so grave. Default "debug": everything. */
  readonly level?: LogLevel | undefined;
  /** How many lines at most: the last ones. Default 1,000. */
  readonly limit?: number | undefined;
}

const checks: OptionChecks = {
  run: isName,
  worker: isName,
  key: isKey,
  level: oneOf("debug", "info", "warn", "error"),
  limit: isCount,
};

/** @throws ConfigurationError BAD_OPTION naming every bad option */
export function askLogs(session: Session, options: LogsOptions): Promise<LogLine[]> {
  checkOptions("logs", options, checks);
  const { run, worker, key, level, limit = 1_000 } = options;
  return session.request((request) => ({ op: "logs", request, run, worker, key, level, limit }));
}
