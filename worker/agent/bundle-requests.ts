import { ClusterError } from "../../protocol/errors.ts";
import type { SchedulerToWorker } from "../../protocol/messages.ts";
import { fromWireError } from "../../protocol/wire-error.ts";

type BundlePart = Extract<SchedulerToWorker, { readonly op: "bundle" }>;

interface Request {
  readonly parts: Uint8Array[];
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Bundles that were asked for over the connection to the scheduler, and their parts as they come. */
export class BundleRequests {
  readonly #requests: Map<string, Request> = new Map();
  readonly #ask: (hash: string) => void;

  /** `ask` sends the request for one bundle. */
  constructor(ask: (hash: string) => void) {
    this.#ask = ask;
  }

  /** One request for a bundle at a time; the code cache sees to that. */
  fetch(hash: string): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#requests.set(hash, { parts: [], resolve, reject });
      this.#ask(hash);
    });
  }

  received(part: BundlePart): void {
    const request = this.#requests.get(part.hash);
    // The rest of an answer to a request that was given up.
    if (request === undefined) return;
    if (part.error !== undefined) {
      this.#requests.delete(part.hash);
      return request.reject(fromWireError(part.error));
    }
    if (part.part !== request.parts.length) {
      this.#requests.delete(part.hash);
      const message = `Part ${part.part} of bundle ${part.hash} came where part ${request.parts.length} belongs.`;
      return request.reject(new ClusterError("BAD_BUNDLE", message, { retryable: true }));
    }
    request.parts.push(part.bytes);
    if (request.parts.length < part.parts) return;
    this.#requests.delete(part.hash);
    request.resolve(Buffer.concat(request.parts));
  }

  /** Over a new connection: what was on its way over the last one is lost. */
  askAgain(): void {
    for (const [hash, { parts }] of this.#requests) {
      parts.length = 0;
      this.#ask(hash);
    }
  }

  /** Nothing more will come. */
  fail(cause: ClusterError): void {
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    const message = "The worker ended while a bundle was on its way.";
    for (const { reject } of requests) reject(new ClusterError("CONNECTION_LOST", message, { cause, retryable: true }));
  }
}
