import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { ConfigurationError } from "../protocol/errors.ts";
import { whenThere } from "./patience.ts";

// A scheduler file is how workers on a shared file system learn an address that was not known before the scheduler
// started. It holds no secret, so that it may lie where others can read it.

const contents = z.object({ address: z.string() });

/** Writes it in one step: a worker that waits for the file never reads half of it. */
export function writeSchedulerFile(file: string, address: string): void {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, `${JSON.stringify({ address, pid: process.pid })}\n`, { flag: "wx" });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(
      `scheduler file ${file} cannot be written (${reason}): give a path in a folder that is writable`,
      error,
    );
  }
}

export function removeSchedulerFile(file: string): void {
  rmSync(file, { force: true });
}

/** The scheduler's address, once the file is there. */
export async function readSchedulerFile(file: string, timeoutMs: number, signal: AbortSignal): Promise<string> {
  const text = await whenThere(() => readIfThere(file), timeoutMs, signal);
  if (text !== undefined) return addressIn(text, file);
  throw refuse(`scheduler file ${file} did not appear: start "muster scheduler --scheduler-file ${file}" first`);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw refuse(`scheduler file ${file} cannot be read (${(error as Error).message}): give another path`, error);
  }
}

function addressIn(text: string, file: string): string {
  try {
    return contents.parse(JSON.parse(text)).address;
  } catch (error) {
    throw refuse(`${file} is not a scheduler file: give the one that "muster scheduler --scheduler-file" wrote`, error);
  }
}

function refuse(message: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError("BAD_OPTION", message, cause === undefined ? {} : { cause });
}
