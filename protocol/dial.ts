import type { NetConnectOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type ClientOptions, WebSocket } from "ws";
import { normalizeAddress } from "./address.ts";
import type { Connection, TlsOptions } from "./connection.ts";
import { ClusterError, ProtocolError } from "./errors.ts";
import { LargePayloads } from "./large-payloads.ts";
import { type Logger, silentLogger } from "./logger.ts";
import type { Hello, Welcome } from "./messages.ts";
import type { Parse } from "./parse-fields.ts";
import { parseHelloAnswer } from "./parse-handshake.ts";
import { maxFrameBytes, SocketConnection } from "./socket-connection.ts";
import { timerMs } from "./timer-ms.ts";
import { protocolVersion } from "./version.ts";
import { fromWireError } from "./wire-error.ts";

const retryFirstMs = 100;
const retryMaxMs = 1_000;

export interface DialOptions<Incoming> {
  /** `ws://host:port`, `wss://host:port` or `host:port`. */
  readonly address: string;
  readonly hello: Omit<Hello, "op" | "protocol">;
  /** Parses each message after the welcome. */
  readonly parse: Parse<Incoming>;
  /** For everything together: a refused connection is tried again until then, since a scheduler may be about to start. */
  readonly timeoutMs: number;
  /** Default true. False: a refused connection is final, as it is for one of many peers. */
  readonly retry?: boolean | undefined;
  /** Gives up as soon as it is aborted. */
  readonly signal?: AbortSignal | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly log?: Logger | undefined;
  /** The protocol version that is claimed. Default: the one that we speak. */
  readonly protocol?: number | undefined;
}

/**
 * Connects and shakes hands.
 * @throws ClusterError SCHEDULER_UNREACHABLE (address, timeout and last cause named), BAD_ADDRESS, and whatever the other
 * end refuses us with, at once: BAD_TOKEN, VERSION_MISMATCH …
 */
export async function dial<Incoming, Outgoing>(
  options: DialOptions<Incoming>,
): Promise<{ connection: Connection<Incoming, Outgoing>; welcome: Welcome }> {
  const address = normalizeAddress(options.address);
  const deadlineMs = performance.now() + options.timeoutMs;
  let cause: Unreachable | undefined;
  for (let retryMs = retryFirstMs; ; retryMs = Math.min(retryMs * 1.5, retryMaxMs)) {
    try {
      return await attempt<Incoming, Outgoing>(address, options, deadlineMs);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      // That the time was over says less than what went wrong before.
      if (cause === undefined || !error.late) cause = error;
    }
    const leftMs = deadlineMs - performance.now();
    const retry = options.retry !== false && !cause.final && !cause.late && leftMs > 0;
    // An abort only ends the wait.
    if (retry) await delay(Math.min(retryMs, leftMs), undefined, { signal: options.signal }).catch(() => {});
    const over = !retry || performance.now() >= deadlineMs || options.signal?.aborted === true;
    if (over) throw unreachable(address, options.timeoutMs, cause);
  }
}

/** One attempt came to nothing. `final`: another would not fare better. `late`: the time was over, or the caller gave up. */
class Unreachable extends Error {
  readonly final: boolean;
  readonly late: boolean;

  constructor(
    message: string,
    { final = false, late = false, cause }: { final?: boolean; late?: boolean; cause?: unknown },
  ) {
    super(message, { cause });
    this.final = final;
    this.late = late;
  }
}

async function attempt<Incoming, Outgoing>(
  address: string,
  options: DialOptions<Incoming>,
  deadlineMs: number,
): Promise<{ connection: Connection<Incoming, Outgoing>; welcome: Welcome }> {
  const payloads = new LargePayloads(maxFrameBytes);
  const ws = open(address, options.tls, payloads);
  // One timer over everything; cutting the socket makes whatever is being waited for fail.
  let late: string | undefined;
  const cut = (why: string): void => {
    late ??= why;
    ws.terminate();
  };
  const timer = setTimeout(
    () => cut("it did not answer in time"),
    timerMs(Math.max(deadlineMs - performance.now(), 1)),
  );
  const abort = (): void => cut("the attempt was given up");
  options.signal?.addEventListener("abort", abort);
  try {
    const opening = opened(ws);
    if (options.signal?.aborted) abort();
    const socket = await opening;
    const log = options.log ?? silentLogger;
    const restore = (fragments: readonly Buffer[]): readonly Buffer[] => payloads.restore(fragments);
    const connection = new SocketConnection<Incoming, Outgoing | Hello>({ ws, socket, remote: address, log, restore });
    connection.send({ ...options.hello, op: "hello", protocol: options.protocol ?? protocolVersion });
    connection.flush();
    const welcome = await welcomed(connection);
    connection.start(options.parse);
    return { connection, welcome };
  } catch (error) {
    throw late === undefined ? error : new Unreachable(late, { late: true, cause: error });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
  }
}

function open(address: string, tls: TlsOptions | undefined, payloads: LargePayloads): WebSocket {
  const { ca, ...rest } = tls ?? {};
  const connect = (to: NetConnectOpts): Socket => payloads.connect(to);
  const options: ClientOptions & { generateMask: (mask: Buffer) => void } = {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    ...(ca === undefined ? {} : { ca: Array.isArray(ca) ? [...ca] : (ca as string | Buffer) }),
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: maxFrameBytes,
    // The mask of WebSockets protects old proxies from the scripts of web pages. A mask of zeros spares us a copy and a pass
    // over every byte that is sent.
    generateMask: (mask) => {
      mask.fill(0);
    },
    // What is encrypted comes in pieces anyway. ws calls it with the options alone, as one of its declared forms has it.
    ...(address.startsWith("wss:") ? {} : { createConnection: connect as ClientOptions["createConnection"] & object }),
  };
  const ws = new WebSocket(address, options);
  ws.once("upgrade", () => payloads.upgraded());
  return ws;
}

/** Waits until the WebSocket is open; answers with the stream below it. */
function opened(ws: WebSocket): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let socket: Duplex | undefined;
    ws.once("upgrade", (response) => {
      socket = response.socket;
    });
    ws.once("open", () =>
      socket === undefined ? reject(new Unreachable("it has no socket", { final: true })) : resolve(socket),
    );
    ws.once("unexpected-response", (request, response) => {
      request.destroy();
      const passing = response.statusCode !== undefined && response.statusCode >= 500;
      reject(
        new Unreachable(`it answers as an HTTP server would, with status ${response.statusCode}`, { final: !passing }),
      );
    });
    ws.on("error", (error: NodeJS.ErrnoException) => {
      reject(new Unreachable(reasonOf(error), { final: isTlsError(error), cause: error }));
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "nobody listens there";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its host name is unknown";
    case "ECONNRESET":
      return "it hung up";
    case "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED":
      return "it lets in only those who show a certificate, and none was given: give one and its key (tls: { cert, key } in a program, --tls-cert and --tls-key on the command line)";
    default:
      return error.message === "" ? (error.code ?? "it failed") : error.message;
  }
}

/** Certificates do not become good by asking again. */
const isTlsError = (error: NodeJS.ErrnoException): boolean =>
  /CERT|^ERR_TLS|^ERR_SSL|^EPROTO$|UNABLE_TO_/.test(error.code ?? "");

async function welcomed(
  connection: Pick<SocketConnection<never, never>, "first" | "remote" | "close">,
): Promise<Welcome> {
  let first: unknown;
  try {
    first = await connection.first();
  } catch (error) {
    if (error instanceof ClusterError && error.code === "CONNECTION_LOST") {
      throw new Unreachable("it hung up before it answered", { cause: error });
    }
    throw error;
  }
  try {
    const answer = parseHelloAnswer(first);
    if (answer.op === "refusal") throw fromWireError(answer.error);
    if (answer.protocol !== protocolVersion) {
      throw new ProtocolError(
        "VERSION_MISMATCH",
        `${connection.remote} speaks protocol ${answer.protocol} (Muster ${answer.version}), this end protocol ${protocolVersion}: install the same version of muster on both ends`,
      );
    }
    return answer;
  } catch (error) {
    await connection.close("the handshake failed");
    throw error;
  }
}

function unreachable(address: string, timeoutMs: number, error: Unreachable): ClusterError {
  const within = error.final ? "" : ` within ${timeoutMs} ms`;
  return new ClusterError(
    "SCHEDULER_UNREACHABLE",
    `${address} could not be reached${within}: ${error.message}. Check the address, and that what should listen there is running`,
    { retryable: !error.final, cause: error.cause ?? error, details: { address, timeoutMs, reason: error.message } },
  );
}
