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
  /** With what it wrote to stderr, and the signal that ended it. */
  readonly #ended: Promise<Error>;

  /**
   * Resolves with the process and what it said first. @throws Error with what it wrote to stderr if it ends instead, or with
   * what it said if that is no JSON. Nothing of it is left then.
   */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ process: LineProcess; hello: unknown }> {
    const started = new LineProcess(name, command, args, env);
    try {
      return { process: started, hello: await started.#next() };
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(name: string, command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
    const { stdin, stdout, stderr } = this.#child;
    if (stdin === null || stdout === null || stderr === null) throw new Error(`${name} has no pipes`);
    // A process that is gone is noticed by the answer that does not come.
    stdin.on("error", () => undefined);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    const errorLines: string[] = [];
    createInterface({ input: stderr }).on("line", (line) => {
      errorLines.push(line);
      if (errorLines.length > errorLinesMax) errorLines.shift();
    });
    this.#ended = new Promise((resolve) => {
      const end = (): void => resolve(new Error(`${name} ended:\n${errorLines.join("\n")}`));
      this.#child.once("error", (error) => {
        errorLines.push(error.message);
        end();
      });
      this.#child.once("close", (_exitCode, signal) => {
        if (signal !== null) errorLines.push(`killed by ${signal}`);
        end();
      });
    });
  }

  /**
   * @param others Those without whom there would never be an answer: the end of one of them fails the question, too.
   * @throws Error with what the process says is wrong, or with what it wrote to stderr when it is gone.
   */
  async ask(question: unknown, others: readonly LineProcess[] = []): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const answer = await Promise.race([this.#next(), ...others.map((other) => other.#fail())]);
    const { error } = answer as { readonly error?: unknown };
    if (error !== undefined) throw new Error(`${this.#name}: ${String(error)}`);
    return answer;
  }

  async #next(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) return this.#fail();
    try {
      return JSON.parse(value);
    } catch (cause) {
      throw new Error(`${this.#name} said what is no JSON: ${value}`, { cause });
    }
  }

  async #fail(): Promise<never> {
    throw await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    await this.#ended;
    clearTimeout(timer);
  }
}
