// A process with any number of zero-workers: each line asks for more of them.
import { answerLines } from "../peers/answer-lines.ts";
import { startZeroWorker } from "./zero-worker.ts";

const [address = "", token = ""] = [process.argv[2], process.env["MUSTER_TOKEN"]];
let started = 0;

await answerLines({}, async (question) => {
  const { workers } = question as { readonly workers: number };
  const newcomers = Array.from({ length: workers }, () => {
    started += 1;
    return startZeroWorker({ address, token, name: `zero-${started}` });
  });
  await Promise.all(newcomers);
  return { workers: started };
});
