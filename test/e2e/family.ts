import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Every process of a family inherits this variable, so that it is found even when its parent is gone. */
const marker = "TEST_FAMILY";

/** The processes and temporary files that this process, and whatever it starts, make from now on. */
export class Family {
  /** For all their temporary files; also the family's name. */
  readonly directory: string = mkdtempSync(join(tmpdir(), "leaks-"));
  readonly #former: string | undefined = process.env["TMPDIR"];

  constructor() {
    process.env["TMPDIR"] = this.directory;
    process.env[marker] = this.directory;
  }

  /** What there is of it now, one line each. */
  members(): string[] {
    return [
      ...familyProcesses(this.directory).map((line) => `process ${line}`),
      ...readdirSync(this.directory, { recursive: true }).map((file) => `file ${String(file)}`),
    ];
  }

  /** What is started later is no longer a part of it. */
  end(): void {
    if (this.#former === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = this.#former;
    delete process.env[marker];
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Live processes of the family, this one left out, as "pid command". */
export function familyProcesses(family: string | undefined = process.env[marker]): string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${marker}=${family}\0`)) continue;
      found.push(`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")}`);
    } catch {
      // It ended meanwhile, or is somebody else's.
    }
  }
  return found;
}
