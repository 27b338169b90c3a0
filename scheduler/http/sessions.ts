import { createHash, randomBytes } from "node:crypto";

/** A browser has to show the token again after this long. */
export const sessionMsMax: number = 12 * 3_600_000;
const sessionsMax = 1_000;

/** Browsers that showed the token. What each holds is a random value of its own, of which we keep only the hash. */
export class Sessions {
  readonly #endsAtMs: Map<string, number> = new Map();

  /** Returns what the browser is to show from now on. */
  begin(nowMs: number): string {
    for (const [hash, endsAtMs] of this.#endsAtMs) if (endsAtMs <= nowMs) this.#endsAtMs.delete(hash);
    const [oldest] = this.#endsAtMs.keys();
    if (this.#endsAtMs.size >= sessionsMax && oldest !== undefined) this.#endsAtMs.delete(oldest);
    const session = randomBytes(32).toString("base64url");
    this.#endsAtMs.set(hashOf(session), nowMs + sessionMsMax);
    return session;
  }

  /** Looked up by its hash, so that how long it takes tells nothing of the values that would have been right. */
  isOpen(session: string, nowMs: number): boolean {
    return (this.#endsAtMs.get(hashOf(session)) ?? 0) > nowMs;
  }

  end(session: string): void {
    this.#endsAtMs.delete(hashOf(session));
  }
}

const hashOf = (session: string): string => createHash("sha256").update(session).digest("base64url");
