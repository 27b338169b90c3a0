import type { ClientId } from "../../protocol/ids.ts";
import type { ClientSession, ClientToScheduler } from "../../protocol/messages.ts";
import { detachedMs, handleClientMessage, loseClient } from "./client-messages.ts";
import { ClientRecord } from "./client-record.ts";
import type { SchedulerState } from "./state.ts";
import { tellErred, tellFinished } from "./transitions.ts";
import { wireError } from "./wire-error.ts";

// A client that was cut off says again what was not answered, and hears how each of its futures stands: so nothing depends
// on which messages of either side were lost.

export function meetClient(
  state: SchedulerState,
  id: ClientId,
  name: string,
  session: ClientSession | undefined,
  observer: boolean,
): void {
  if (session?.resuming !== true) {
    state.clients.set(id, new ClientRecord(id, name, session, observer));
    return;
  }
  const client = [...state.clients.values()].find((each) => each.session?.id === session.id);
  if (client === undefined) {
    state.effects.push({ kind: "to-client", client: id, message: { op: "session", kept: false, futures: [] } });
    return;
  }
  // The end of its old connection, if it has not reached us yet, is that of a number nobody has any more.
  state.clients.delete(client.id);
  client.id = id;
  client.absentUntilMs = undefined;
  state.clients.set(id, client);
  state.toClient(client, { op: "session", kept: true, futures: [...client.futures.keys()] });
  for (const [future, task] of client.futures) {
    if (task.state.kind === "memory") tellFinished(state, task, { client, future });
    else if (task.state.kind === "erred") tellErred(state, { client, future }, task.state.error);
    else state.toClient(client, { op: "pending", future });
  }
}

/** Its socket closed. Its futures are kept for it for a while. */
export function disconnectClient(state: SchedulerState, client: ClientRecord): void {
  const { session } = client;
  if (client.absentUntilMs !== undefined) return;
  const keptMs = session?.detach === true ? detachedMs : state.options.graceMs;
  if (session === undefined || keptMs === 0) loseClient(state, client);
  else client.absentUntilMs = state.nowMs + keptMs;
}

export function loseAbsentClients(state: SchedulerState): void {
  for (const client of [...state.clients.values()])
    if (client.absentUntilMs !== undefined && state.nowMs >= client.absentUntilMs) loseClient(state, client);
}

/** Acts on what is new, and answers again what was said before. */
export function hearClient(state: SchedulerState, client: ClientRecord, message: ClientToScheduler): void {
  const { conversation, session } = client;
  if (session === undefined) return handleClientMessage(state, client, message);
  if (message.op === "submit") {
    if (conversation.isNewSubmission(message.submission)) handleClientMessage(state, client, message);
    else state.toClient(client, conversation.answerTo(message.submission));
    return;
  }
  if (!("request" in message) || conversation.isNewRequest(message.request))
    return handleClientMessage(state, client, message);
  if (conversation.isOpen(message.request)) return;
  const text = "The answer was lost with the connection, and is not kept any more. Ask again.";
  const { request } = message;
  const lost = { op: "reply", request, error: wireError("CONNECTION_LOST", text) } as const;
  state.toClient(client, conversation.replyTo(request) ?? lost);
}
