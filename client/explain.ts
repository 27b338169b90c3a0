import type { Explanation } from "../protocol/explanation.ts";
import type { FutureRecord } from "./future-record.ts";

/**
 * What the client alone knows: a task that could not be submitted, or whose client lost its connection, never gets a word
 * from the scheduler.
 */
export function withOwnNews(explanation: Explanation, { key, state }: FutureRecord): Explanation {
  if (explanation.state !== "unknown" || !("error" in state)) return explanation;
  const { error } = state;
  const code = "code" in error ? String(error.code) : error.name;
  return {
    ...explanation,
    state: "erred",
    paragraph: `The task "${key}" never reached the scheduler, or was refused there, with ${code}: ${error.message}`,
    error: { code, message: error.message, origin: key },
  };
}
