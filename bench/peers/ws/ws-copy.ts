import type { ContenderKind } from "../../contender.ts";
import type { Sample } from "../../shapes/shape.ts";
import { LineProcess } from "../line-process.ts";
import { ownProgram } from "../own-program.ts";

/** The same bytes as "transfer" moves, from one process to another over a bare WebSocket. */
export const wsCopy: ContenderKind = {
  name: "ws",
  runs: ({ family }) => family === "transfer",
  async start() {
    const program = (name: string): string => ownProgram(name, import.meta.url);
    const { process: sender, hello } = await LineProcess.start("ws sender", process.execPath, [program("sender")]);
    const { port } = hello as { readonly port: number };
    const arguments_ = [program("receiver"), String(port)];
    const { process: receiver } = await LineProcess.start("ws receiver", process.execPath, arguments_);
    return {
      name: "ws",
      versions: {},
      repetitions: (shape) => (wsCopy.runs(shape) ? shape.repetitions : 0),
      measure: async (_shape, size) => (await receiver.ask({ size })) as Sample,
      async [Symbol.asyncDispose]() {
        await receiver[Symbol.asyncDispose]();
        await sender[Symbol.asyncDispose]();
      },
    };
  },
};
