import { fates, type ReportData } from "../report-data.ts";
import { button, el } from "./dom.ts";
import { pause } from "./pause.ts";

// The trace-event format, as Perfetto and Chromium's own viewer read it: a process for each worker, a thread for each lane.

const chunkRows = 5_000;
/** The thread of what moves, far behind all lanes. */
const moveThread = 9_999;

/** A button that makes the file when it is pressed. */
export function traceButton(data: ReportData): HTMLElement {
  const label = "Download trace";
  const press = button(
    label,
    () => {
      press.disabled = true;
      press.textContent = "Making the trace…";
      // Whatever happens, the button is there again.
      save(data)
        .catch(() => undefined)
        .finally(() => {
          press.disabled = false;
          press.textContent = label;
        });
    },
    { title: "Trace-event JSON: open it in Perfetto (ui.perfetto.dev)" },
  );
  return press;
}

async function save(data: ReportData): Promise<void> {
  const url = URL.createObjectURL(new Blob(await traceParts(data), { type: "application/json" }));
  const name = data.meta.title.replace(/[^\w.-]+/g, "-").slice(0, 60) || "run";
  const link = el("a", { href: url, download: `${name}.trace.json` });
  link.click();
  // The browser has its own hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function traceParts({ attempts, names, workers, transfers, disk, moved }: ReportData): Promise<string[]> {
  const parts: string[] = ['{"displayTimeUnit":"ms","traceEvents":['];
  let chunk: string[] = [];
  const flush = async (): Promise<void> => {
    if (chunk.length === 0) return;
    parts.push(`${parts.length > 1 ? "," : ""}${chunk.join(",")}`);
    chunk = [];
    await pause();
  };
  const span = (name: string, worker: number, tid: number, startMs: number, endMs: number, args: object): void => {
    const ts = Math.round(startMs * 1_000);
    chunk.push(
      JSON.stringify({ ph: "X", name, pid: worker + 1, tid, ts, dur: Math.round((endMs - startMs) * 1_000), args }),
    );
  };
  workers.forEach(({ name, lanes }, worker) => {
    chunk.push(JSON.stringify({ ph: "M", name: "process_name", pid: worker + 1, args: { name } }));
    for (let lane = 0; lane < lanes; lane++) {
      chunk.push(
        JSON.stringify({
          ph: "M",
          name: "thread_name",
          pid: worker + 1,
          tid: lane + 1,
          args: { name: `slot ${lane + 1}` },
        }),
      );
    }
    chunk.push(
      JSON.stringify({
        ph: "M",
        name: "thread_name",
        pid: worker + 1,
        tid: moveThread,
        args: { name: "transfers and disk" },
      }),
    );
  });
  for (let row = 0; row < attempts.count; row++) {
    const fate = fates[attempts.fate[row] as number];
    const args = {
      key: attempts.key.at(row),
      attempt: attempts.attempt[row],
      fate,
      bytes: attempts.bytes[row],
      message: attempts.message.at(row),
    };
    const name = names[attempts.name[row] as number]?.name ?? "";
    span(
      name,
      attempts.worker[row] as number,
      (attempts.lane[row] as number) + 1,
      attempts.startMs[row] as number,
      attempts.endMs[row] as number,
      args,
    );
    if (chunk.length >= chunkRows) await flush();
  }
  for (let row = 0; row < transfers.count; row++) {
    const args = {
      from: moved.places[transfers.from[row] as number],
      results: transfers.tasks[row],
      bytes: transfers.bytes[row],
    };
    span(
      "transfer",
      transfers.worker[row] as number,
      moveThread,
      transfers.startMs[row] as number,
      transfers.endMs[row] as number,
      args,
    );
    if (chunk.length >= chunkRows) await flush();
  }
  for (let row = 0; row < disk.count; row++) {
    const name = disk.isWrite[row] === 1 ? "write to disk" : "read from disk";
    span(name, disk.worker[row] as number, moveThread, disk.startMs[row] as number, disk.endMs[row] as number, {
      bytes: disk.bytes[row],
    });
    if (chunk.length >= chunkRows) await flush();
  }
  await flush();
  parts.push("]}");
  return parts;
}
