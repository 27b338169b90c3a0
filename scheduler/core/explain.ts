import type {
  ExplainedAttempt,
  ExplainedReason,
  ExplainedState,
  ExplainedTask,
  Explanation,
} from "../../protocol/explanation.ts";
import type { ClientToScheduler } from "../../protocol/messages.ts";
import { attemptsOf } from "./attempts.ts";
import type { ClientRecord } from "./client-record.ts";
import { whyNotStarted, whyQueued } from "./explain-queued.ts";
import { attemptsInWords, situationInWords } from "./explain-situation.ts";
import { age, counted, listed, quoted } from "./explain-words.ts";
import type { SchedulerState } from "./state.ts";
import { isPlaceable } from "./suitability.ts";
import type { Task } from "./task.ts";

/** Inputs that are listed one by one. */
const inputsMax = 100;

/** Answers for the task behind a future of this client's, or for the latest task of a key, whoever submitted it. */
export function answerExplain(
  state: SchedulerState,
  client: ClientRecord,
  { request, future, key = "" }: ClientToScheduler & { readonly op: "explain" },
): void {
  // The key of a future that was never accepted may be that of somebody else's work.
  const task = future === undefined ? taskOf(state, key) : client.futures.get(future);
  state.reply(client, request, task === undefined ? explainUnknown(state, key) : explain(state, task));
}

/** A key is given up when its task is cancelled; the task itself is known for as long as somebody holds a future for it. */
export function taskOf(state: SchedulerState, key: string): Task | undefined {
  let found = state.keys.get(key);
  if (found === undefined) for (const task of state.tasks.values()) if (task.key === key) found = task;
  return found;
}

/** What is true of a task now, what it waits for, and what became of its attempts. Changes nothing. */
export function explain(state: SchedulerState, task: Task): Explanation {
  const missing = task.state.kind === "waiting" ? task.deps.filter((input) => input.state.kind !== "memory") : [];
  const roots = missing.length > 0 ? rootsOf(state, task) : [];
  const [root] = roots;
  const reasons = reasonsOf(state, task, missing);
  const sentences = [
    `The task "${task.key}" ${situationInWords(state, task)}`,
    ...reasons.map(({ message }) => message),
    ...(root === undefined ? [] : [rootInWords(state, root, roots.length)]),
    ...attemptsInWords(task),
  ];
  return {
    ...inShort(state, task),
    paragraph: sentences.join(" "),
    run: task.run.name,
    waitsFor: missing.slice(0, inputsMax).map((input) => inShort(state, input)),
    waitsForCount: missing.length,
    cause: root === undefined ? undefined : { ...inShort(state, root), reasons: reasonsOf(state, root, []) },
    reasons,
    attempts: attemptsOf(task).map((attempt) => explainAttempt(attempt, state.nowMs)),
    attemptsForgotten: task.history?.forgotten ?? 0,
    holders: Array.from(task.holders, ({ name }) => name),
    bytes: task.state.kind === "memory" ? task.resultBytes : 0,
    error: errorOf(task),
  };
}

function explainUnknown(state: SchedulerState, key: string): Explanation {
  const similar: string[] = [];
  if (key !== "") for (const task of state.keys.tasks()) if (task.key.startsWith(key)) similar.push(task.key);
  const hint = similar.length > 0 ? ` Known keys that begin so: ${quoted(similar)}.` : "";
  return {
    key,
    state: "unknown",
    paragraph: `The scheduler knows no task "${key}": none was submitted under this key since the scheduler started, or nobody needs its result any more, and its record is gone.${hint}`,
    waitsFor: [],
    waitsForCount: 0,
    reasons: [],
    attempts: [],
    attemptsForgotten: 0,
    holders: [],
    bytes: 0,
  };
}

function stateOf(state: SchedulerState, task: Task): ExplainedState {
  const { kind } = task.state;
  return kind === "queued" && !isPlaceable(state, task.placement) ? "no-worker" : kind;
}

function inShort(state: SchedulerState, task: Task): ExplainedTask {
  const worker = task.state.kind === "processing" ? task.state.worker.name : undefined;
  return { key: task.key, state: stateOf(state, task), worker, sinceMs: age(task.sinceMs, state.nowMs) };
}

/** Why it does not run. */
function reasonsOf(state: SchedulerState, task: Task, missing: readonly Task[]): ExplainedReason[] {
  const current = task.state;
  if (current.kind === "waiting") return missing.length === 0 ? [] : [missingInputs(state, task, missing)];
  if (current.kind === "queued") return whyQueued(state, task);
  if (current.kind === "processing" && !current.started) return [whyNotStarted(state, task, current.worker)];
  return [];
}

function missingInputs(state: SchedulerState, task: Task, missing: readonly Task[]): ExplainedReason {
  const each = missing.map((input) => {
    const { key, state: kind, worker } = inShort(state, input);
    return `"${key}" (${worker === undefined ? kind : `${kind} on ${worker}`})`;
  });
  const total = task.deps.length;
  const count =
    total === 1
      ? "Its only input is"
      : `${missing.length} of its ${total} inputs ${missing.length === 1 ? "is" : "are"}`;
  return {
    code: "inputs",
    message: `${count} not there yet: ${listed(each)}.`,
    details: { missing: missing.length, inputs: total },
  };
}

/** The tasks that it waits for, directly or not, and that wait for no other; what is most in need of help first. */
function rootsOf(state: SchedulerState, task: Task): Task[] {
  const above = new Set([task]);
  for (const each of above) for (const input of each.deps) if (input.state.kind !== "memory") above.add(input);
  const roots = [...above].filter((each) => each.state.kind !== "waiting");
  const ranks = new Map(roots.map((root) => [root, rankOf(state, root)]));
  return roots.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0) || a.sinceMs - b.sinceMs || a.id - b.id);
}

function rankOf(state: SchedulerState, task: Task): number {
  if (task.state.kind === "processing") return task.state.started ? 3 : 2;
  return stateOf(state, task) === "no-worker" ? 0 : 1;
}

function rootInWords(state: SchedulerState, root: Task, count: number): string {
  const which = count === 1 ? "At the root of it" : `At the root of it are ${counted(count, "task")}; for one,`;
  const why = reasonsOf(state, root, []).map(({ message }) => ` ${message}`);
  return `${which}${count === 1 ? "," : ""} the task "${root.key}" ${situationInWords(state, root)}${why.join("")}`;
}

function errorOf(task: Task): Explanation["error"] {
  if (task.state.kind !== "erred") return undefined;
  const { error, origin } = task.state;
  return { code: error.code, message: error.message, origin: origin.key };
}

function explainAttempt(attempt: ReturnType<typeof attemptsOf>[number], nowMs: number): ExplainedAttempt {
  const { assignedMs, startedMs, endedMs, ...same } = attempt;
  return {
    ...same,
    assignedAgoMs: age(assignedMs, nowMs),
    startedAgoMs: startedMs === undefined ? undefined : age(startedMs, nowMs),
    endedAgoMs: endedMs === undefined ? undefined : age(endedMs, nowMs),
  };
}
