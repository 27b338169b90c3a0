export type { NetworkOptions } from "./network.ts";
export { type Behaviour, Script, type ScriptOptions } from "./script.ts";
export { SimClient } from "./sim-client.ts";
export { SimCluster, type SimClusterOptions, type SimOutcome } from "./sim-cluster.ts";
export { SimFuture, type SimFutureState } from "./sim-future.ts";
export { SimWorker } from "./sim-worker.ts";
export {
  type DeedKind,
  deedKinds,
  type Edition,
  editionLatest,
  editions,
  type FaultKind,
  faultKinds,
  type Shape,
  type Swarm,
  type TraitKind,
  traitKinds,
} from "./swarm.ts";
export { SimViolation, type ViolationKind } from "./violation.ts";
