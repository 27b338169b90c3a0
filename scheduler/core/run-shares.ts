import type { ClientRecord } from "./client-record.ts";
import type { Run } from "./run.ts";
import type { SchedulerState } from "./state.ts";

/** What a client asked for a run. Kept by name, because a run is on the books only while it has tasks. */
export interface RunShare {
  readonly client: ClientRecord;
  readonly weight: number;
  readonly slotsMax: number;
}

export function shareRun(
  state: SchedulerState,
  client: ClientRecord,
  name: string,
  { weight, slotsMax }: { readonly weight: number; readonly slotsMax: number },
): void {
  const share = { client, weight, slotsMax };
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
