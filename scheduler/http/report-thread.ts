import { parentPort } from "node:worker_threads";
import { renderReport } from "../../report/html.ts";
import { Recorder } from "../../report/recorder.ts";
import type { FromReportThread, ToReportThread } from "./report-messages.ts";

// The entry point of a thread that writes one report, and is ended then.

if (parentPort === null) throw new Error("this module is the entry point of a thread");
const port = parentPort;
const tell = (message: FromReportThread): void => port.postMessage(message);
const recorder = new Recorder();

port.on("message", (message: ToReportThread) => {
  if (message.op === "events") return recorder.add(message.events);
  Promise.resolve()
    .then(() => renderReport(recorder.snapshot(message.meta)))
    .then(
      (html) => tell({ html }),
      (error: unknown) => tell({ problem: String(error) }),
    );
});
