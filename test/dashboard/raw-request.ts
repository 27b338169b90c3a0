import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** With whatever headers, as a browser or anybody else may send them: `fetch` sets some by itself. */
export async function ask(
  url: string,
  path: string,
  { method = "GET", headers = {}, body }: Asking = {},
): Promise<Answer> {
  const { protocol, hostname, port } = new URL(url);
  const { request } = protocol === "https:" ? https : http;
  // The path as it is: a URL would be put in order first.
  const asked = request({ hostname, port, path, method, headers, rejectUnauthorized: false });
  asked.end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** Logs in as a browser does; returns the cookie to send. */
export async function logIn(url: string, token: string): Promise<string> {
  const { headers } = await ask(url, "/login", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
    body: new URLSearchParams({ token }).toString(),
  });
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}
