import { assertNever } from "../../protocol/errors.ts";
import type { ClientToScheduler } from "../../protocol/messages.ts";
import type { ClientRecord } from "./client-record.ts";
import { answerExplain } from "./explain.ts";
import { cancel, cancelRun, release, retry } from "./futures.ts";
import { clusterInfo, loadInfo, whoHas } from "./info.ts";
import { submit } from "./intake.ts";
import { recordScaling } from "./recording.ts";
import { dropShares, shareRun } from "./run-shares.ts";
import { placeScattered, takeScattered } from "./scatter.ts";
import type { SchedulerState } from "./state.ts";
import { tellFinished } from "./transitions.ts";
import { missingAt } from "./worker-messages.ts";

/** How long the futures of a client that detached outlive it. */
export const detachedMs: number = 3_600_000;

export function handleClientMessage(state: SchedulerState, client: ClientRecord, message: ClientToScheduler): void {
  switch (message.op) {
    case "goodbye":
      return endClient(state, client);
    case "submit":
      return submit(state, client, message);
    case "define-fn":
      client.fns.set(message.fn, state.fns.intern(message.ref));
      return;
    case "release":
      return release(state, client, message.futures);
    case "cancel":
      return cancel(state, client, message.futures, message.force, message.reason, () =>
        state.reply(client, message.request, null),
      );
    case "cancel-run": {
      const { run, force, reason, request } = message;
      return cancelRun(state, run, force, reason, () => state.reply(client, request, null));
    }
    case "share-run":
      shareRun(state, client, message.run, { weight: message.weight, slotsMax: message.slotsMax || Infinity });
      return state.reply(client, message.request, null);
    case "retry":
      retry(state, client, message.futures);
      return state.reply(client, message.request, null);
    case "who-has":
      return state.reply(client, message.request, whoHas(client, message.futures));
    case "missing": {
      const task = client.futures.get(message.future);
      if (task?.state.kind !== "memory") return;
      missingAt(state, task, message.address);
      if (task.state.kind === "memory") tellFinished(state, task, { client, future: message.future });
      return;
    }
    case "explain":
      return answerExplain(state, client, message);
    case "info":
      return state.reply(client, message.request, clusterInfo(state));
    case "load":
      return state.reply(client, message.request, loadInfo(state));
    case "scaling": {
      const { reason, ...figures } = message.decision;
      recordScaling(state, message.decision);
      return state.log("debug", `the cluster is scaled: ${reason}`, figures);
    }
    case "wait-for-workers":
      return state.requests.waitForWorkers(state, client, message.request, message.count);
    case "scatter":
      return placeScattered(state, client, message);
    case "scattered":
      return takeScattered(state, client, message);
    case "run-on-workers":
      return state.requests.runOnWorkers(state, client, message);
    case "retire-workers":
      return state.retirement.retire(state, client, message.request, message.names, message.idleOnly === true);
    case "copy":
      return state.replication.replicate(client, message.request, message.futures, message.copies);
    case "rebalance":
      return state.replication.rebalance(state, client, message.request);
    case "restart":
      return state.requests.restart(state, client, message.request);
    case "watch":
    case "unwatch":
    case "logs":
    case "has-bundles":
    case "put-bundle":
      // Answered by the shell, which keeps the bundles and what was recorded.
      return;
    default:
      assertNever(message);
  }
}

/** By its own will. */
function endClient(state: SchedulerState, client: ClientRecord): void {
  if (client.session?.detach === true) client.absentUntilMs = state.nowMs + detachedMs;
  else loseClient(state, client);
}

/** Its futures go with it. */
export function loseClient(state: SchedulerState, client: ClientRecord): void {
  release(state, client, [...client.futures.keys()]);
  state.requests.clientGone(client);
  dropShares(state, client);
  for (const [task, reservation] of state.reserved) {
    if (reservation.client !== client) continue;
    state.reserved.delete(task);
    // Nobody knows how far it came: whoever was given a value of it is told to throw it away.
    for (const worker of state.workers.values()) state.toWorker(worker, { op: "free", tasks: [task] });
  }
  state.clients.delete(client.id);
}
