import type { FastifyInstance } from "fastify";
import type { AttemptEvent, ScalingDecision } from "../../protocol/record.ts";
import type { Desk } from "../server/desk.ts";
import type { KeptEvents } from "../server/kept-events.ts";
import type { Logs } from "../server/logs.ts";
import { HttpError } from "./http-error.ts";
import * as queries from "./queries.ts";

export interface ApiParts {
  readonly desk: Desk;
  readonly kept: KeptEvents;
  readonly logs: Pick<Logs, "recent">;
  /** The scheduler's own. */
  readonly address: string;
}

/** Attempts of one task, and lines of its log, that are told with it. */
const attemptsMax = 100;
const linesMax = 500;
const decisionsMax = 1_000;

/** Registers `/api/v1/*`. What is asked of the core is answered by the core that serves the clients. */
export function serveApi(app: FastifyInstance, { desk, kept, logs, address }: ApiParts): void {
  const { read } = queries;

  app.get("/api/v1/cluster", async ({ query }) => {
    read(queries.noQuery, query);
    return desk.ask({ kind: "info" });
  });

  app.get("/api/v1/workers", async ({ query }) => {
    read(queries.noQuery, query);
    const { workers } = await desk.ask({ kind: "info" });
    return { workers };
  });

  app.get<{ Params: { name: string } }>("/api/v1/workers/:name", async ({ params: { name } }) => {
    const worker = await desk.ask({ kind: "worker", name });
    return found(worker, `there is no worker "${name}" now`);
  });

  app.get("/api/v1/tasks", async ({ query }) => desk.ask({ kind: "tasks", ...read(queries.tasksQuery, query) }));

  app.get<{ Params: { key: string } }>("/api/v1/tasks/:key", async ({ params: { key } }) => {
    const task = found(await desk.ask({ kind: "task", key }), `the scheduler knows no task "${key}" any more, or yet`);
    return { ...task, ended: attemptsOf(kept, key), logs: logs.recent({ key, limit: linesMax }) };
  });

  app.get("/api/v1/runs", async ({ query }) => {
    read(queries.noQuery, query);
    const { items: runs, leftOut } = await desk.ask({ kind: "runs" });
    return { runs, leftOut };
  });

  app.post<{ Params: { run: string } }>("/api/v1/runs/:run/cancel", async ({ params: { run }, body }, reply) => {
    const { reason } = read(queries.cancelBody, body ?? undefined);
    const cancelled = await desk.ask({ kind: "cancel-run", run, reason: reason || "cancelled on the dashboard" });
    void reply.code(202);
    return { run, ...found(cancelled, noRun(run)) };
  });

  app.post<{ Params: { run: string } }>("/api/v1/runs/:run/share", async ({ params: { run }, body }) => {
    const { weight, slotsMax } = read(queries.shareBody, body);
    return found(await desk.ask({ kind: "share-run", run, weight, slotsMax: slotsMax ?? 0 }), noRun(run));
  });

  app.get("/api/v1/groups", async ({ query }) => {
    const { run } = read(queries.runQuery, query);
    const { items: groups, leftOut } = found(await desk.ask({ kind: "groups", run }), noRun(run));
    return { groups, leftOut };
  });

  app.get("/api/v1/graph", async ({ query }) => {
    const { run } = read(queries.runQuery, query);
    return found(await desk.ask({ kind: "graph", run }), noRun(run));
  });

  app.get("/api/v1/events", async ({ query }) => {
    const { from, limit } = read(queries.eventsQuery, query);
    return kept.from(from ?? Math.max(0, kept.next - limit), limit);
  });

  app.get("/api/v1/scaling", async ({ query }) => {
    read(queries.noQuery, query);
    const decisions: ScalingDecision[] = [];
    for (const event of kept.all()) if (event.kind === "scaling") decisions.push(event.decision);
    return { decisions: decisions.slice(-decisionsMax) };
  });

  app.get("/api/v1/report", async ({ query }, reply) => {
    const { run } = read(queries.runQuery, query);
    // What it takes is loaded when the first is asked for.
    const { reportOf, reportPolicy } = await import("./report.ts");
    const html = await reportOf(run, { desk, kept, address });
    return reply.header("content-security-policy", reportPolicy).type("text/html; charset=utf-8").send(html);
  });

  app.get("/api/v1/logs", async ({ query }) => ({ lines: logs.recent(read(queries.logsQuery, query)) }));
}

const noRun = (run: string | undefined): string => `no run "${run}" has tasks on this cluster now`;

function found<Value>(value: Value | null, otherwise: string): Value {
  if (value === null) throw new HttpError("NOT_FOUND", otherwise);
  return value;
}

/** The last of those that had begun and are over, oldest first. */
function attemptsOf(kept: KeptEvents, key: string): AttemptEvent[] {
  const attempts: AttemptEvent[] = [];
  for (const event of kept.all()) if (event.kind === "attempt" && event.key === key) attempts.push(event);
  return attempts.slice(-attemptsMax);
}
