import type { WireError } from "../protocol/errors.ts";
import type { Script } from "./script.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Swarm } from "./swarm.ts";

/** How often infrastructure may fail an attempt before its task fails with it, and how many workers may die under one. */
const unblamedMax = 10;
const lossesMax = 3;

/** Why a future of this script must not have ended with this error, or undefined if the scripts and faults account for it. */
export function objectionTo(
  error: WireError,
  script: Script,
  client: string,
  { watch, time, swarm }: Pick<Surroundings, "watch" | "time" | "swarm">,
): string | undefined {
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
      // The other way to end so: its process had to end for another's sake, again and again.
      if (error.retryable) return watch.stuck > unblamedMax ? undefined : "no worker had to end so often";
      const attempts = (error.details?.["attempts"] as readonly unknown[] | undefined) ?? [];
      if (attempts.length <= lossesMax) return `only ${attempts.length} workers died`;
      return [...ancestry].some((each) => wasThere(each, attempts.length)) ? undefined : "it had begun on none of them";
    }
    case "CODE_FAILED":
      return watch.codeFailures > unblamedMax ? undefined : "its code was there";
    case "UNREADABLE_VALUE":
      return watch.unreadable > unblamedMax ? undefined : "its inputs could be read";
    case "NO_WORKERS": {
      const { noWorkersTimeoutMs } = swarm;
      // The scheduler counts in whole milliseconds.
      const alone = (each: Script): boolean =>
        watch.presence.wasEmpty(ableTo(each, swarm), noWorkersTimeoutMs - 1, time.nowMs);
      watch.count("tasks given up for want of workers");
      return [...ancestry].some(alone) ? undefined : `somebody could run it all the time (${error.message})`;
    }
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

/**
 * Whether it may be blamed for so many deaths. It may have waited in a slot for the first of them, but from then on shares none;
 * and one whose inputs are being read from disk counts as begun.
 */
const wasThere = ({ begun, options }: Script, deaths: number): boolean =>
  options.deps.length > 0 || begun >= deaths - 1;

/** The workers that could run it. A wish counts as a condition here: others may only step in while those are away. */
function ableTo({ options: { workers: names, resources } }: Script, { workers }: Swarm): string[] {
  const able = workers.filter(
    ({ name, resources: offered }) =>
      (names.length === 0 || names.includes(name)) &&
      Object.entries(resources).every(([resource, amount]) => (offered[resource] ?? 0) >= amount),
  );
  return able.map(({ name }) => name);
}
