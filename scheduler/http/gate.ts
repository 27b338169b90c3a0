import type { IncomingMessage } from "node:http";
import { parseCookie, stringifySetCookie } from "cookie";
import { sameToken } from "../../protocol/token.ts";
import { BackOff } from "./back-off.ts";
import { HttpError } from "./http-error.ts";
import { Sessions, sessionMsMax } from "./sessions.ts";

export interface GateOptions {
  readonly token: string;
  /** Cookies know no ports: schedulers on one host must not overwrite each other's. */
  readonly port: number;
  readonly secure: boolean;
}

/** How a request proved that it may. */
export type Proof = "token" | "session";

/** A token longer than this is wrong, whatever it is. */
const tokenLengthMax = 4_096;

/**
 * Lets in programs that show the token with every request, and browsers that showed it once. A browser holds a random value
 * in place of the token, where scripts cannot read it, and other sites cannot make it be sent.
 */
export class Gate {
  readonly #token: string;
  readonly #cookie: string;
  readonly #secure: boolean;
  readonly #sessions: Sessions = new Sessions();
  // Apart, so that a program with a wrong token keeps nobody behind the same address from logging in.
  readonly #logins: BackOff = new BackOff();
  readonly #programs: BackOff = new BackOff();

  constructor({ token, port, secure }: GateOptions) {
    this.#token = token;
    this.#cookie = `muster-session-${port}`;
    this.#secure = secure;
  }

  /** @throws HttpError UNAUTHORIZED, TOO_MANY_ATTEMPTS, FORBIDDEN */
  check(request: IncomingMessage): Proof {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const shown = /^Bearer +(.+)$/i.exec(authorization)?.[1] ?? "";
      this.#compare(shown, request, this.#programs);
      return "token";
    }
    const session = this.#sessionOf(request);
    if (session === undefined || !this.#sessions.isOpen(session, performance.now())) {
      throw new HttpError(
        "UNAUTHORIZED",
        'show the scheduler\'s token: as a program by the header "Authorization: Bearer …", as a browser on the page login',
      );
    }
    // A browser sends its cookies with what other pages make it ask for, too.
    const mayChange = request.method !== "GET" && request.method !== "HEAD";
    if (mayChange || request.headers.upgrade !== undefined) checkOrigin(request);
    return "session";
  }

  /**
   * Takes the token that somebody typed; returns the header that gives the browser its session.
   * @throws HttpError UNAUTHORIZED, TOO_MANY_ATTEMPTS, FORBIDDEN
   */
  logIn(shown: string, request: IncomingMessage): string {
    checkOrigin(request);
    this.#compare(shown, request, this.#logins);
    return this.#setCookie(this.#sessions.begin(performance.now()), request, sessionMsMax / 1_000);
  }

  /** Returns the header that takes the session away from the browser. */
  logOut(request: IncomingMessage): string {
    this.#sessions.end(this.#sessionOf(request) ?? "");
    return this.#setCookie("", request, 0);
  }

  #compare(shown: string, request: IncomingMessage, backOff: BackOff): void {
    const address = request.socket.remoteAddress ?? "";
    const waitMs = backOff.waitMs(address, performance.now());
    if (waitMs > 0) {
      const message = `too many wrong tokens came from your address: try again in ${Math.ceil(waitMs / 1_000)} s`;
      throw new HttpError("TOO_MANY_ATTEMPTS", message, waitMs);
    }
    if (shown.length <= tokenLengthMax && sameToken(shown, this.#token)) return backOff.succeeded(address);
    backOff.failed(address, performance.now());
    throw new HttpError("UNAUTHORIZED", "this is not the scheduler's token");
  }

  #sessionOf(request: IncomingMessage): string | undefined {
    const { cookie } = request.headers;
    return cookie === undefined ? undefined : parseCookie(cookie)[this.#cookie];
  }

  /** Without a path, so that it holds below the address of the page, whatever a proxy put in front of that. */
  #setCookie(value: string, request: IncomingMessage, maxAge: number): string {
    const secure = this.#secure || request.headers["x-forwarded-proto"] === "https";
    return stringifySetCookie({ name: this.#cookie, value, httpOnly: true, sameSite: "strict", secure, maxAge });
  }
}

/** @throws HttpError FORBIDDEN for what a page of another origin made the browser ask for. */
function checkOrigin(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined ? site === "same-origin" || site === "none" : origin === undefined) return;
  // What proxies put in front of us are called where they do not hand the name on; no page can make a browser send it.
  const hosts = [host, request.headers["x-forwarded-host"]].flat();
  if (site === undefined && origin !== undefined && hosts.includes(hostOf(origin))) return;
  throw new HttpError("FORBIDDEN", "this was asked for by a page of another origin: open the dashboard itself");
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : "";
}
