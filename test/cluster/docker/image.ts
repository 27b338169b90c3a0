import { execFile } from "node:child_process";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { importBase } from "./base-image.ts";
import type { EngineProcess } from "./engine-process.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const base = "muster-test-base:1";

/** Builds the repository's Dockerfile on the engine, on a base that is made here: no registry of images is asked. */
export async function buildImage(engine: EngineProcess, name: string): Promise<void> {
  await importBase(engine, base);
  // Of these, what .dockerignore names is left out.
  const { stdout } = await promisify(execFile)("git", ["ls-files", "-z"], { cwd: root });
  const src = stdout.split("\0").filter((path) => path !== "");
  // The engine has no network but that of the machine.
  const options = { t: name, buildargs: { BASE: base }, networkmode: "host" };
  const said = await text(await engine.client.buildImage({ context: root, src }, options));
  if (said.includes('"error"')) throw new Error(`the image could not be built:\n${transcript(said).slice(-4_000)}`);
}

/** What a container of the image prints until it ends, which it does well. */
export async function outputOf(
  engine: EngineProcess,
  image: string,
  args: string[],
  entrypoint: { readonly Entrypoint?: string } = {},
): Promise<string> {
  const printed = new PassThrough();
  const said = text(printed);
  // Without a terminal, the output is as it was printed.
  const options = { ...entrypoint, Tty: false };
  const [{ StatusCode }, container] = await engine.client.run(image, args, [printed, printed], options);
  await container.remove();
  if (StatusCode !== 0) throw new Error(`${args.join(" ")} ended with exit code ${StatusCode}: ${await said}`);
  return await said;
}

/** What the builder told, as a terminal would show it: the engine sends one JSON value a line. */
function transcript(said: string): string {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const told = lines.map((line) => JSON.parse(line) as { readonly stream?: string; readonly error?: string });
  return told.map(({ stream, error }) => stream ?? error ?? "").join("");
}
