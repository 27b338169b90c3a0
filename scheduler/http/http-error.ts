/** Codes of the HTTP API; its clients match on them. */
export type HttpErrorCode =
  | "BAD_REQUEST"
  | "UNAUTHORIZED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "TOO_LARGE"
  | "TOO_MANY_ATTEMPTS"
  | "UNAVAILABLE"
  | "INTERNAL";

const statuses: { readonly [Code in HttpErrorCode]: number } = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TOO_LARGE: 413,
  TOO_MANY_ATTEMPTS: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

/** A request that is not granted; told to whoever made it as `{ error: { code, message } }`. */
export class HttpError extends Error {
  override readonly name: string = "HttpError";
  readonly code: HttpErrorCode;
  readonly statusCode: number;
  readonly retryAfterMs: number | undefined;

  constructor(code: HttpErrorCode, message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.statusCode = statuses[code];
    this.retryAfterMs = retryAfterMs;
  }

  get body(): { readonly error: { readonly code: HttpErrorCode; readonly message: string } } {
    return { error: { code: this.code, message: this.message } };
  }
}
