import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { EngineProcess } from "./engine-process.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const run = promisify(execFile);

/**
 * Makes the image that the Dockerfile makes, with what this machine has: no registry has to be asked for a base, and no
 * package for its dependencies. What the last stage of the Dockerfile says of the image itself is taken from there.
 */
export async function buildImage(engine: EngineProcess, name: string): Promise<void> {
  const stage = mkdtempSync(join(tmpdir(), "image-"));
  try {
    // Links stand for what is only copied: tar follows them.
    const copied = join(stage, "copied");
    const muster = join(copied, "opt/muster");
    mkdirSync(join(muster, "node_modules"), { recursive: true });
    const tsc = join(root, "node_modules/.bin/tsc");
    await run(tsc, ["-p", join(root, "tsconfig.build.json"), "--outDir", join(muster, "dist")]);
    chmodSync(join(muster, "dist/cli/main.js"), 0o755);
    link(join(root, "package.json"), join(muster, "package.json"));
    for (const path of productionPackages()) link(join(root, path), join(muster, path));
    link(process.execPath, join(copied, "usr/local/bin/node"));
    link("/usr/bin/env", join(copied, "usr/bin/env"));
    const libraries = new Set((await Promise.all([process.execPath, "/usr/bin/env"].map(librariesOf))).flat());
    for (const library of libraries) link(realpathSync(library), join(copied, library));

    const made = join(stage, "made");
    mkdirSync(join(made, "usr/local/bin"), { recursive: true });
    symlinkSync("/opt/muster/dist/cli/main.js", join(made, "usr/local/bin/muster"));
    mkdirSync(join(made, "tmp"));
    chmodSync(join(made, "tmp"), 0o1777);
    mkdirSync(join(made, "home/muster"), { recursive: true });
    chownSync(join(made, "home/muster"), 10_001, 10_001);

    const archive = join(stage, "image.tar");
    await run("tar", ["-chf", archive, "-C", copied, "."]);
    await run("tar", ["-rf", archive, "-C", made, "./usr/local/bin/muster", "./tmp", "./home"]);
    const [repo, tag] = name.split(":");
    const tar = spawn("cat", [archive], { stdio: ["ignore", "pipe", "inherit"] });
    const answer = await engine.client.importImage(tar.stdout, { repo, tag, changes: imageLines() });
    const said = await text(answer);
    if (said.includes('"error"')) throw new Error(`the image could not be made: ${said}`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** Folders of the packages that are there for users, too. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: true; readonly devOptional?: true }>>;
  };
  return Object.entries(packages).flatMap(([path, { dev, devOptional }]) => {
    // What lies inside another package's folder comes with that.
    const isOwn = /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path);
    return isOwn && !dev && !devOptional && existsSync(join(root, path)) ? [path] : [];
  });
}

/** The shared libraries of a program, the loader included. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run("ldd", [program]);
  return Array.from(stdout.matchAll(/(\/\S+) \(0x/g), ([, path]) => path as string);
}

/** The Dockerfile's lines about the image itself, from its last stage. */
function imageLines(): string[] {
  const file = readFileSync(join(root, "Dockerfile"), "utf8");
  const last = file.slice(file.lastIndexOf("\nFROM"));
  return last.split("\n").filter((line) => /^(?:ENV|WORKDIR|USER|ENTRYPOINT) /.test(line));
}
