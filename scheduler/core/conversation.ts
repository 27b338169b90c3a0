import type { WireError } from "../../protocol/errors.ts";
import type { SchedulerToClient } from "../../protocol/messages.ts";

type Reply = Extract<SchedulerToClient, { op: "reply" }>;

/** Replies that may have been lost with a connection are kept for a while; older ones surely arrived. */
const repliesMax = 64;
const rejectionsMax = 1_000;

/**
 * What a client asked and was told, so that a question it asks again after its connection was lost is not acted on twice.
 * Both kinds of numbers grow with every message.
 */
export class Conversation {
  #lastSubmission = 0;
  #lastRequest = 0;
  readonly #rejections: Map<number, WireError> = new Map();
  readonly #open: Set<number> = new Set();
  readonly #replies: Map<number, Reply> = new Map();

  /** False for a submission that was answered before. */
  isNewSubmission(submission: number): boolean {
    if (submission <= this.#lastSubmission) return false;
    this.#lastSubmission = submission;
    return true;
  }

  /** What a submission that was answered before was answered with. */
  answerTo(submission: number): SchedulerToClient {
    const error = this.#rejections.get(submission);
    return error === undefined ? { op: "accepted", submission } : { op: "rejected", submission, error };
  }

  isNewRequest(request: number): boolean {
    if (request <= this.#lastRequest) return false;
    this.#lastRequest = request;
    this.#open.add(request);
    return true;
  }

  isOpen(request: number): boolean {
    return this.#open.has(request);
  }

  replyTo(request: number): Reply | undefined {
    return this.#replies.get(request);
  }

  told(message: SchedulerToClient): void {
    if (message.op === "rejected") keep(this.#rejections, message.submission, message.error, rejectionsMax);
    if (message.op !== "reply") return;
    this.#open.delete(message.request);
    keep(this.#replies, message.request, message, repliesMax);
  }
}

/** Forgets the oldest beyond the limit. */
function keep<Value>(map: Map<number, Value>, key: number, value: Value, limit: number): void {
  map.set(key, value);
  if (map.size <= limit) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
