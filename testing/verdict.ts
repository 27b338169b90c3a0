import type { WireError } from "../protocol/errors.ts";
import type { Script } from "./script.ts";
import type { Watch } from "./watch.ts";

/** How often infrastructure may fail an attempt before its task fails with it, and how many workers may die under one. */
const unblamedMax = 10;
const lossesMax = 3;

/** Why a future of this script must not have ended with this error, or undefined if the scripts and faults account for it. */
export function objectionTo(error: WireError, script: Script, client: string, watch: Watch): string | undefined {
  const ancestry = script.ancestry();
  switch (error.code) {
    case "TASK_FAILED":
    case "TASK_TIMED_OUT": {
      const culprit = [...ancestry].find((each) => each.failures > each.options.retries);
      return culprit === undefined
        ? `no script that it needs failed more often than it may (${error.message})`
        : undefined;
    }
    case "WORKER_LOST": {
      const attempts = (error.details?.["attempts"] as readonly unknown[] | undefined) ?? [];
      return attempts.length > lossesMax ? undefined : `only ${attempts.length} workers died`;
    }
    case "CODE_FAILED":
      return watch.codeFailures > unblamedMax ? undefined : "its code was there";
    case "DATA_LOST":
      return [...ancestry].some((each) => each.options.scattered)
        ? undefined
        : `nothing that it needs was scattered (${error.message})`;
    case "CANCELLED":
      return watch.mayBeCancelled(client, ancestry)
        ? undefined
        : `its client never cancelled anything it needs (${error.message})`;
    default:
      return `nothing could have caused ${error.code}: ${error.message}`;
  }
}
