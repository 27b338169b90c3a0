import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { EngineProcess } from "./engine-process.ts";

const run = promisify(execFile);

/** What the Dockerfile's lines and npm's scripts run, apart from Node. */
const programs = ["sh", "env", "chmod", "chown", "ln", "mkdir"].map((name) => `/usr/bin/${name}`);

/**
 * Makes an image that the Dockerfile can stand on, of what this machine has: Node, npm, and a few programs. It asks the
 * registry of packages that this machine asks, in the way that this machine does.
 */
export async function importBase(engine: EngineProcess, name: string): Promise<void> {
  const stage = mkdtempSync(join(tmpdir(), "base-"));
  try {
    const copy = (path: string, to: string = path): void => symlinkSync(path, placeOf(join(stage, to)));
    const write = (path: string, lines: readonly string[], mode?: number): void =>
      writeFileSync(placeOf(join(stage, path)), `${lines.join("\n")}\n`, { mode });

    copy(process.execPath, "/usr/local/bin/node");
    for (const path of programs) copy(path);
    copy("/usr/bin/sh", "/bin/sh");
    const libraries = await Promise.all([process.execPath, ...programs].map(librariesOf));
    for (const library of new Set(libraries.flat())) copy(realpathSync(library), library);

    const npm = "/usr/local/lib/node_modules/npm";
    copy(await folderOfNpm(), npm);
    write("/usr/local/bin/npm", ["#!/bin/sh", `exec node ${npm}/bin/npm-cli.js "$@"`], 0o755);
    const { settings, certificates } = await wayToPackages();
    write("/usr/local/etc/npmrc", settings);
    write("/etc/certificates.pem", certificates);
    write("/etc/passwd", ["root:x:0:0::/root:/bin/sh"]);
    mkdirSync(join(stage, "tmp"));
    chmodSync(join(stage, "tmp"), 0o1777);

    // Links stand for what is copied: tar follows them.
    const tar = spawn("tar", ["-ch", "-C", stage, "."], { stdio: ["ignore", "pipe", "inherit"] });
    const [repo, tag] = name.split(":");
    const changes = ["ENV NODE_EXTRA_CA_CERTS=/etc/certificates.pem"];
    const said = await text(await engine.client.importImage(tar.stdout, { repo, tag, changes }));
    if (said.includes('"error"')) throw new Error(`the base image could not be made: ${said}`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function placeOf(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** The shared libraries of a program, the loader included. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run("ldd", [program]);
  return Array.from(stdout.matchAll(/(\/\S+) \(0x/g), ([, path]) => path as string);
}

async function folderOfNpm(): Promise<string> {
  const { stdout } = await run("sh", ["-c", "command -v npm"]);
  return dirname(dirname(realpathSync(stdout.trim())));
}

/** Lines of npm's settings, and certificates to be trusted, that lead from this machine to its registry. */
async function wayToPackages(): Promise<{ readonly settings: string[]; readonly certificates: string[] }> {
  const { stdout } = await run("npm", ["config", "list", "--json"]);
  const config = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  const set = ["registry", "proxy", "https-proxy", "noproxy"].filter((key) => config[key]);
  const files = [process.env["NODE_EXTRA_CA_CERTS"], config["cafile"]];
  return {
    settings: set.map((key) => `${key}=${String(config[key])}`),
    certificates: files.flatMap((file) => (typeof file === "string" && file ? [readFileSync(file, "utf8")] : [])),
  };
}
