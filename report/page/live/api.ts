/** An answer of the scheduler that is no success. */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads from the API. Addresses are relative to the page: behind a proxy, it may lie anywhere. */
export function read<Value>(path: string, signal?: AbortSignal): Promise<Value> {
  return call(path, signal === undefined ? {} : { signal });
}

export function write<Value>(path: string, body: object): Promise<Value> {
  return call(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** `?a=1&b=2` of those that are given; empty without any. */
export function query(given: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(given).filter(([, value]) => value !== undefined && value !== "");
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}

async function call<Value>(path: string, options: RequestInit): Promise<Value> {
  const response = await fetch(`api/v1/${path}`, { ...options, credentials: "same-origin" });
  // The session is over, or the scheduler is another one.
  if (response.status === 401) location.assign("login");
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body as Value;
  const { code = "INTERNAL", message = `the scheduler answered with status ${response.status}` } =
    (body as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
  throw new ApiError(code, message);
}
