import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Client } from "../../client/client.ts";
import { SchedulerServer } from "../../scheduler/server/scheduler-server.ts";
import { cert, key } from "../protocol/self-signed.ts";
import { ask, logIn } from "./raw-request.ts";

// Who gets in, and what everybody is told. Nothing here changes anything, so one server serves all; wrong tokens come from
// servers of their own, because they keep their address waiting.

const token = "a token <&> of everybody's own";
let server: SchedulerServer;
let url: string;
const bearer = { authorization: `Bearer ${token}` };
const form = { "content-type": "application/x-www-form-urlencoded" };
const sameOrigin = { "sec-fetch-site": "same-origin" };

beforeAll(async () => {
  server = await SchedulerServer.start({ port: 0, token, dashboard: true });
  url = server.dashboardUrl ?? "";
});
afterAll(() => server.close());

const paths = [
  ["GET", "/"],
  ["GET", "/assets/a.js"],
  ["GET", "/metrics"],
  ["GET", "/api/v1/cluster"],
  ["GET", "/api/v1/workers"],
  ["GET", "/api/v1/tasks"],
  ["GET", "/api/v1/tasks/x"],
  ["GET", "/api/v1/runs"],
  ["GET", "/api/v1/groups"],
  ["GET", "/api/v1/graph"],
  ["GET", "/api/v1/events"],
  ["GET", "/api/v1/scaling"],
  ["GET", "/api/v1/logs"],
  ["GET", "/api/v1/report"],
  ["GET", "/api/v1/live/events"],
  ["POST", "/api/v1/runs/r/cancel"],
  ["POST", "/api/v1/runs/r/share"],
  ["POST", "/logout"],
  ["GET", "/nothing"],
  ["GET", "/%zz"],
  ["GET", "/api/v1/tasks/%zz"],
  ["GET", "//"],
  ["PUT", "/api/v1/cluster"],
] as const;

describe("without the token", () => {
  test.each(paths)("%s %s is refused", async (method, path) => {
    const { status, headers, text } = await ask(url, path, { method });
    if (path === "/") {
      expect([status, headers.location]).toEqual([303, "login"]);
      return;
    }
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toBe("Bearer");
    expect(JSON.parse(text)).toEqual({ error: { code: "UNAUTHORIZED", message: expect.stringContaining("token") } });
  });

  test("the token in an address is of no use", async () => {
    expect((await ask(url, `/api/v1/cluster?token=${encodeURIComponent(token)}`)).status).toBe(401);
  });

  test.each([
    "//health/../api/v1/cluster",
    "/health/../api/v1/cluster",
    "/api/v1/cluster?/health",
    "/LOGIN",
    "/login/",
  ])("%s is not taken for what is open", async (path) => {
    expect((await ask(url, path)).status).toBe(401);
  });

  test("health is told to all, and the page that asks for the token is shown", async () => {
    expect((await ask(url, "/health")).text).toBe('{"status":"ok"}');
    expect((await ask(url, "/health?probe")).status).toBe(200);
    expect((await ask(url, "/login")).text).toContain('<form method="post" action="login">');
    expect((await ask(url, "/login.css")).headers["content-type"]).toContain("text/css");
  });
});

describe("with the token", () => {
  test("a program is let in by its header", async () => {
    expect((await ask(url, "/api/v1/cluster", { headers: bearer })).status).toBe(200);
    expect((await ask(url, "/api/v1/cluster", { headers: { authorization: `bearer   ${token}` } })).status).toBe(200);
  });

  test("a browser gets a session in place of the token, which scripts and other sites cannot use", async () => {
    const { status, headers } = await ask(url, "/login", {
      method: "POST",
      headers: { ...form, ...sameOrigin },
      body: new URLSearchParams({ token }).toString(),
    });
    expect([status, headers.location]).toEqual([303, "./"]);
    const [cookie = ""] = headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^muster-session-\d+=[\w-]{43}; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(encodeURIComponent(token));
    const session = { cookie: cookie.split(";")[0] as string };
    expect((await ask(url, "/api/v1/cluster", { headers: session })).status).toBe(200);
    expect((await ask(url, "/metrics", { headers: session })).status).toBe(200);

    const out = await ask(url, "/logout", { method: "POST", headers: { ...session, ...sameOrigin } });
    expect([out.status, out.headers.location]).toEqual([303, "login"]);
    expect(out.headers["set-cookie"]?.[0]).toContain("Max-Age=0");
    expect((await ask(url, "/api/v1/cluster", { headers: session })).status).toBe(401);
  });

  test("behind a proxy with TLS the session travels by TLS only", async () => {
    const { headers } = await ask(url, "/login", {
      method: "POST",
      headers: { ...form, ...sameOrigin, "x-forwarded-proto": "https" },
      body: new URLSearchParams({ token }).toString(),
    });
    expect(headers["set-cookie"]?.[0]).toContain("; Secure;");
  });

  test("a made-up session, an empty one and another scheduler's cookie are refused", async () => {
    const { port } = new URL(url);
    for (const cookie of [`muster-session-${port}=${"a".repeat(43)}`, `muster-session-${port}=`, "muster-session-1=x"])
      expect((await ask(url, "/api/v1/cluster", { headers: { cookie } })).status).toBe(401);
  });
});

describe("what another page makes a browser ask for is refused", () => {
  test.each<[string, Record<string, string>, number]>([
    ["our own page", { "sec-fetch-site": "same-origin" }, 404],
    ["another site's", { "sec-fetch-site": "cross-site" }, 403],
    ["a page at another port of this machine", { "sec-fetch-site": "same-site" }, 403],
    ["our own page in an older browser", { origin: "http://HOST" }, 404],
    ["our own page behind a proxy", { origin: "https://muster.example", "x-forwarded-host": "muster.example" }, 404],
    ["another page in an older browser", { origin: "http://evil.example" }, 403],
    ["a page of no origin", { origin: "null" }, 403],
  ])("%s: POST", async (_, given, status) => {
    const { host } = new URL(url);
    const cookie = await logIn(url, token);
    const headers = Object.fromEntries(Object.entries(given).map(([k, v]) => [k, v.replace("HOST", host)]));
    const answer = await ask(url, "/api/v1/runs/r/cancel", { method: "POST", headers: { cookie, ...headers } });
    expect(answer.status).toBe(status);
    if (status === 403) expect(JSON.parse(answer.text).error.code).toBe("FORBIDDEN");
  });

  test("logging in from elsewhere", async () => {
    const headers = { ...form, origin: "http://evil.example" };
    const body = new URLSearchParams({ token }).toString();
    const answer = await ask(url, "/login", { method: "POST", headers, body });
    expect(answer.status).toBe(403);
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  test("a program that shows the token is asked for no origin", async () => {
    const headers = { ...bearer, origin: "http://anywhere.example" };
    expect((await ask(url, "/api/v1/runs/r/cancel", { method: "POST", headers })).status).toBe(404);
  });
});

describe("the live socket", () => {
  /** Resolves with the first message, or the status that it was refused with. */
  function openLive(headers: Record<string, string>): Promise<string | number> {
    const socket = new WebSocket(`${url.replace("http", "ws")}api/v1/live`, { headers });
    return new Promise((resolve, reject) => {
      socket.once("message", (data) => {
        resolve(String(data));
        socket.close();
      });
      socket.once("unexpected-response", (_, { statusCode = 0 }) => {
        resolve(statusCode);
        socket.terminate();
      });
      socket.once("error", reject);
    });
  }

  test("opens for a session of our own page, and for the token", async () => {
    const cookie = await logIn(url, token);
    for (const headers of [{ cookie, origin: url.replace(/\/$/, "") }, bearer])
      expect(JSON.parse(String(await openLive(headers)))).toMatchObject({ kind: "figures", cluster: { workers: [] } });
  });

  test("is refused without, and to other pages", async () => {
    const cookie = await logIn(url, token);
    expect(await openLive({})).toBe(401);
    expect(await openLive({ cookie: "muster-session-1=x" })).toBe(401);
    expect(await openLive({ cookie, origin: "http://evil.example" })).toBe(403);
  });
});

describe("limits", () => {
  test("an address that is too long, a body that is too large and one that does not parse are refused", async () => {
    const cancel = "/api/v1/runs/r/cancel";
    const json = { ...bearer, "content-type": "application/json" };
    const long = await ask(url, `/api/v1/tasks?key=${"k".repeat(9_000)}`, { headers: bearer });
    expect([long.status, JSON.parse(long.text).error.code]).toEqual([413, "TOO_LARGE"]);
    const body = JSON.stringify({ reason: "r".repeat(70_000) });
    const large = await ask(url, cancel, { method: "POST", headers: json, body });
    expect([large.status, JSON.parse(large.text).error.code]).toEqual([413, "TOO_LARGE"]);
    for (const [headers, text] of [
      [json, "{"],
      [json, '{"reason":1}'],
      [json, '{"surely":"unknown"}'],
      [json, '{"__proto__":{}}'],
      [{ ...bearer, "content-type": "text/plain" }, "x"],
    ] as const) {
      const answer = await ask(url, cancel, { method: "POST", headers, body: text });
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, "BAD_REQUEST"]);
    }
    expect((await ask(url, "/health")).status).toBe(200);
  });

  test("queries that are not known or out of range are refused, each by its name", async () => {
    for (const [path, named] of [
      ["/api/v1/tasks?limit=501", "limit"],
      ["/api/v1/tasks?limit=1.5", "limit"],
      ["/api/v1/tasks?after=-1", "after"],
      ["/api/v1/tasks?state=dead", "state"],
      ["/api/v1/tasks?run=a&run=b", "run"],
      ["/api/v1/events?limit=5001", "limit"],
      ["/api/v1/logs?level=loud", "level"],
      ["/api/v1/cluster?verbose=1", "verbose"],
    ] as const) {
      const { status, text } = await ask(url, path, { headers: bearer });
      expect([path, status]).toEqual([path, 400]);
      expect(JSON.parse(text).error).toEqual({ code: "BAD_REQUEST", message: expect.stringContaining(named) });
    }
  });
});

test("an address that does not decode is a bad request, and says no more", async () => {
  const answer = await ask(url, "/api/v1/tasks/%zz", { headers: bearer });
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, "BAD_REQUEST"]);
  expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
});

test("with TLS a session travels by TLS only, and clients connect at the same port as before", async () => {
  await using own = await SchedulerServer.start({ port: 0, token, dashboard: true, tls: { cert, key } });
  expect(own.dashboardUrl).toBe(`https://127.0.0.1:${own.port}/`);
  const body = new URLSearchParams({ token }).toString();
  const answer = await ask(own.dashboardUrl ?? "", "/login", {
    method: "POST",
    headers: { ...form, ...sameOrigin },
    body,
  });
  expect(answer.headers["set-cookie"]?.[0]).toContain("; Secure;");
  const client = await Client.connect(own.address, { token, tls: { ca: cert } });
  expect((await client.info()).clients).toBe(1);
  await client.close();
});

test("every answer carries the headers that keep browsers safe", async () => {
  for (const [path, headers] of [
    ["/login", {}],
    ["/health", {}],
    ["/nothing", {}],
    ["/api/v1/cluster", bearer],
    ["/metrics", bearer],
    ["/", bearer],
  ] as const) {
    const answer = await ask(url, path, { headers: { ...headers } });
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(answer.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    });
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  }
});

describe("wrong tokens", () => {
  const wrong = (path: string, shown: string, at: string) =>
    path === "/login"
      ? ask(at, path, {
          method: "POST",
          headers: { ...form, ...sameOrigin },
          body: new URLSearchParams({ token: shown }).toString(),
        })
      : ask(at, path, { headers: { authorization: `Bearer ${shown}` } });

  test.each(["/login", "/api/v1/cluster"])("at %s are refused, and after a few the next has to wait", async (path) => {
    await using own = await SchedulerServer.start({ port: 0, token, dashboard: true });
    const at = own.dashboardUrl ?? "";
    const statuses: number[] = [];
    for (const shown of ["wrong", "", token.slice(1), `${token} `.repeat(2)])
      statuses.push((await wrong(path, shown, at)).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    const right = await wrong(path, token, at);
    expect([right.status, right.headers["retry-after"]]).toEqual([429, "1"]);
    expect(right.headers["set-cookie"]).toBeUndefined();
    // The other way in is not closed by it.
    const other = path === "/login" ? "/api/v1/cluster" : "/login";
    expect((await wrong(other, token, at)).status).toBe(other === "/login" ? 303 : 200);
  });
});

test("a dashboard at a port of its own leaves the scheduler's port with its health alone", async () => {
  await using own = await SchedulerServer.start({ port: 0, token, dashboard: 0 });
  const main = own.address.replace("ws:", "http:");
  expect(own.dashboardUrl).not.toContain(`:${own.port}/`);
  expect((await ask(own.dashboardUrl ?? "", "/api/v1/cluster", { headers: bearer })).status).toBe(200);
  expect((await ask(main, "/health")).status).toBe(200);
  expect((await ask(main, "/api/v1/cluster", { headers: bearer })).status).toBe(404);
  expect((await ask(own.dashboardUrl ?? "", "/health")).status).toBe(200);
});

test("without a dashboard there is health and nothing else", async () => {
  await using own = await SchedulerServer.start({ port: 0, token });
  const main = own.address.replace("ws:", "http:");
  expect(own.dashboardUrl).toBeUndefined();
  expect((await ask(main, "/health")).status).toBe(200);
  for (const path of ["/", "/login", "/metrics", "/api/v1/cluster"])
    expect((await ask(main, path, { headers: bearer })).status).toBe(404);
});
