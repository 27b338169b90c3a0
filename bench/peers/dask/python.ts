import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ConfigurationError } from "../../../protocol/errors.ts";

const execute = promisify(execFile);

/** Made once, and used by every later run. */
const venv = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "muster", "bench-dask");

/**
 * A Python that has dask.distributed: the one that was given; else one of a virtual environment into which its newest version
 * is installed; else the system's own.
 * @throws ConfigurationError BAD_OPTION
 */
export async function findPython(given: string | undefined, tell: (line: string) => void): Promise<string> {
  if (given !== undefined) {
    if (await hasDask(given)) return given;
    throw lacking(`${given} cannot import distributed`);
  }
  const own = join(venv, "bin", "python");
  if (existsSync(own) && (await hasDask(own))) return own;
  try {
    tell(`installing dask[distributed] into ${venv}`);
    await execute("python3", ["-m", "venv", venv]);
    await execute(own, ["-m", "pip", "install", "--quiet", "dask[distributed]"]);
    return own;
  } catch (error) {
    if (await hasDask("python3")) return "python3";
    throw lacking(`dask[distributed] could not be installed (${String(error).split("\n", 1)[0]})`);
  }
}

const hasDask = (python: string): Promise<boolean> =>
  execute(python, ["-c", "import distributed"]).then(
    () => true,
    () => false,
  );

const lacking = (why: string): ConfigurationError =>
  new ConfigurationError(
    "BAD_OPTION",
    `${why}: install it (Debian: apt-get install python3-distributed), name an interpreter that has it with --python, or leave dask out of --peers`,
  );
