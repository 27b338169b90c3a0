import type { Network } from "./network.ts";
import type { PeerNetwork } from "./peer-network.ts";
import type { Random } from "./random.ts";
import type { SimRecord } from "./record.ts";
import type { ScriptBook } from "./script.ts";
import type { Swarm } from "./swarm.ts";
import type { ViolationKind } from "./violation.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Watch } from "./watch.ts";

/** What everybody in a simulation shares. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly dice: Random;
  readonly network: Network;
  readonly peers: PeerNetwork;
  readonly record: SimRecord;
  readonly book: ScriptBook;
  readonly watch: Watch;
  readonly swarm: Swarm;
  /** Whether the invariants are to be checked after this event. */
  readonly due: () => boolean;
  /** Runs a piece of a core; what it throws becomes a violation of kind "crash" that names `who`. */
  readonly guard: <T>(who: string, body: () => T) => T;
  /** Throws a violation. Ends with what happened to `key`, or with what happened last. */
  readonly violated: (kind: ViolationKind, what: string, key?: string) => never;
}
