import { LineProcess } from "./line-process.ts";
import { ownProgram } from "./own-program.ts";

export interface ProgramGroupOptions {
  /** What the programs are together, for complaints. */
  readonly name: string;
  /** The file beside which they lie. */
  readonly importer: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Program<Hello> {
  /** What it said first. */
  readonly hello: Hello;
  /** The end of any program of the group fails the question: without all of them there may never be an answer. */
  ask<Answer>(question: unknown): Promise<Answer>;
}

/** Programs of ours that do something together. Who was launched last ends first. */
export class ProgramGroup implements AsyncDisposable {
  readonly #options: ProgramGroupOptions;
  readonly #processes: LineProcess[] = [];

  /** Resolves with what `start` makes of the group; when that throws, whatever it has launched is ended. */
  static async start<T>(options: ProgramGroupOptions, start: (group: ProgramGroup) => Promise<T>): Promise<T> {
    const group = new ProgramGroup(options);
    try {
      return await start(group);
    } catch (error) {
      await group[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: ProgramGroupOptions) {
    this.#options = options;
  }

  async launch<Hello>(
    program: string,
    args: readonly string[] = [],
    nodeFlags: readonly string[] = [],
  ): Promise<Program<Hello>> {
    const { name, importer, env } = this.#options;
    const arguments_ = [...nodeFlags, ownProgram(program, importer), ...args];
    const started = await LineProcess.start(`${name}'s ${program}`, process.execPath, arguments_, env);
    this.#processes.push(started.process);
    return {
      hello: started.hello as Hello,
      ask: async <Answer>(question: unknown) => (await started.process.ask(question, this.#processes)) as Answer,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#processes.reverse()) await one[Symbol.asyncDispose]();
  }
}
