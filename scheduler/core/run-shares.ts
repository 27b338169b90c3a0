import type { ClientRecord } from "./client-record.ts";
import type { Run } from "./run.ts";
import type { SchedulerState } from "./state.ts";

/** How many runs may have a share for good: names come and go for as long as the scheduler lives. */
const forGoodMax = 1_000;

/** What somebody asked for a run. Kept by name, because a run is on the books only while it has tasks. */
export interface RunShare {
  /** It holds for as long as this client is there; undefined: until somebody says otherwise. */
  readonly client: ClientRecord | undefined;
  readonly weight: number;
  readonly slotsMax: number;
}

export function shareRun(
  state: SchedulerState,
  client: ClientRecord,
  name: string,
  { weight, slotsMax }: { readonly weight: number; readonly slotsMax: number },
): void {
  setShare(state, name, { client, weight, slotsMax });
}

/** What whoever runs the cluster says of a run; `slotsMax` 0: no limit. */
export function shareRunForGood(
  state: SchedulerState,
  name: string,
  { weight, slotsMax }: { readonly weight: number; readonly slotsMax: number },
): void {
  const lasting = [...state.shares].filter(([, { client }]) => client === undefined);
  if (lasting.length >= forGoodMax) for (const [oldest] of lasting.slice(forGoodMax - 1)) state.shares.delete(oldest);
  setShare(state, name, { client: undefined, weight, slotsMax: slotsMax || Number.POSITIVE_INFINITY });
}

function setShare(state: SchedulerState, name: string, share: RunShare): void {
  // As the latest.
  state.shares.delete(name);
  state.shares.set(name, share);
  const run = state.runs.get(name);
  if (run !== undefined) applyShare(run, share);
}

export function applyShare(run: Run, share: RunShare | undefined): void {
  run.weight = share?.weight ?? 1;
  run.slotsMax = share?.slotsMax ?? Number.POSITIVE_INFINITY;
}

/** The client's runs are like others again, if anybody else still has tasks in them. */
export function dropShares(state: SchedulerState, client: ClientRecord): void {
  for (const [name, share] of state.shares) {
    if (share.client !== client) continue;
    state.shares.delete(name);
    const run = state.runs.get(name);
    if (run !== undefined) applyShare(run, undefined);
  }
}
