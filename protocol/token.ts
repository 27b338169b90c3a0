import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { normalizeAddress } from "./address.ts";
import { ConfigurationError } from "./errors.ts";

/** A fresh secret of 256 bits, safe in a header, a file and an environment variable. */
export function createToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Takes the same time whatever the difference; the hashes make the lengths equal. */
export function sameToken(shown: string, expected: string): boolean {
  const digest = (token: string): Buffer => createHash("sha256").update(token).digest();
  return timingSafeEqual(digest(shown), digest(expected));
}

/**
 * The token for a scheduler: `MUSTER_TOKEN` if it is set, else what a scheduler of this user on this machine kept for
 * that address, else undefined.
 * @throws ConfigurationError BAD_TOKEN when the kept file can be read by others; BAD_ADDRESS
 */
export function findToken(address: string): string | undefined {
  const given = process.env["MUSTER_TOKEN"];
  if (given) return given;
  const file = tokenPath(address);
  return existsSync(file) ? readTokenFile(file) : undefined;
}

/**
 * Reads the token that a file holds.
 * @throws ConfigurationError BAD_TOKEN when the file is missing, empty, or can be read by others.
 */
export function readTokenFile(file: string): string {
  let token: string;
  try {
    // Windows has no such bits: there, a file's access list is inherited from the user's own folder.
    const exposed = process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0;
    if (exposed) {
      const message = `token file ${file} can be read by others: run "chmod 600 ${file}", or give the token in MUSTER_TOKEN`;
      throw new ConfigurationError("BAD_TOKEN", message, { details: { file } });
    }
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `token file ${file} cannot be read (${reason}): give a file that holds the scheduler's token`;
    throw new ConfigurationError("BAD_TOKEN", message, { cause: error, details: { file } });
  }
  if (token === "") {
    const message = `token file ${file} is empty: write the scheduler's token into it`;
    throw new ConfigurationError("BAD_TOKEN", message, { details: { file } });
  }
  return token;
}

/**
 * Keeps the token where clients and workers of this user find it by the scheduler's address: a file that only its owner
 * can read. A file that stands there is replaced in one step. Returns the file's path.
 * @throws ConfigurationError BAD_ADDRESS
 */
export function keepToken(address: string, token: string): string {
  const file = tokenPath(address);
  mkdirSync(tokenDirectory(), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, `${token}\n`, { mode: 0o600, flag: "wx" });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return file;
}

/** Removes the token that was kept for this address, if there is one. Call it while the address is still bound. */
export function forgetToken(address: string): void {
  rmSync(tokenPath(address), { force: true });
}

function tokenDirectory(): string {
  const given = process.env["MUSTER_TOKEN_DIR"];
  if (given) return given;
  return join(process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "muster", "tokens");
}

/** The same scheduler must be found by each name of this machine's own loopback. */
function tokenPath(address: string): string {
  const { hostname, port } = new URL(normalizeAddress(address).replace(/^wss?:/, "token:"));
  const host = ["localhost", "0.0.0.0", "[::]", "[::1]"].includes(hostname) ? "127.0.0.1" : hostname;
  return join(tokenDirectory(), `${host.replace(/[^a-z0-9.-]/gi, "_")}-${port}`);
}
