import { createInterface } from "node:readline";

/** The other end of a `LineProcess`: says hello, then answers line by line, and ends this process with its stdin. */
export async function answerLines(hello: unknown, answer: (question: unknown) => Promise<unknown>): Promise<never> {
  say(hello);
  // Who has no more questions does not wait for an answer, either: it may be one that never comes.
  process.stdin.once("end", () => process.exit(0));
  for await (const line of createInterface({ input: process.stdin })) {
    say(await answer(JSON.parse(line)).catch((error: unknown) => ({ error: String(error) })));
  }
  process.exit(0);
}

function say(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
