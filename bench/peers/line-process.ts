import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How long a process may take to end once nobody asks it anything any more. */
const graceMs = 10_000;
const errorLinesMax = 20;

/**
 * A process that is asked one thing at a time: it says one line of JSON when it is ready, and then one for each line that
 * it gets. An answer `{ "error": "…" }` fails the question. It ends when its stdin does.
 */
export class LineProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<void>;
  readonly #errorLines: string[] = [];

  /** Resolves with the process and what it said first. @throws Error with what it wrote to stderr, if it ends instead. */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ process: LineProcess; hello: unknown }> {
    const started = new LineProcess(name, command, args, env);
    return { process: started, hello: await started.#next() };
  }

  private constructor(name: string, command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
    const { stdin, stdout, stderr } = this.#child;
    if (stdin === null || stdout === null || stderr === null) throw new Error(`${name} has no pipes`);
    // A process that is gone is noticed by the answer that does not come.
    stdin.on("error", () => undefined);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    createInterface({ input: stderr }).on("line", (line) => {
      this.#errorLines.push(line);
      if (this.#errorLines.length > errorLinesMax) this.#errorLines.shift();
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#errorLines.push(error.message);
        resolve();
      });
      this.#child.once("close", () => resolve());
    });
  }

  /** @throws Error with what the process says is wrong, or with what it wrote to stderr when it is gone. */
  async ask(question: unknown): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const answer = await this.#next();
    const { error } = answer as { readonly error?: unknown };
    if (error !== undefined) throw new Error(`${this.#name}: ${String(error)}`);
    return answer;
  }

  async #next(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (!done) return JSON.parse(value);
    await this.#exited;
    throw new Error(`${this.#name} ended:\n${this.#errorLines.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    await this.#exited;
    clearTimeout(timer);
  }
}
