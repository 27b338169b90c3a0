import { cutOwnFrames } from "../../../protocol/own-frames.ts";
import { currentJob } from "./current-job.ts";
import type { Output } from "./output.ts";
import type { SlotChannel } from "./slot-channel.ts";

/** Lets process.exit end the slot as ever, but not without telling the host who called it, and where. */
export function trapExit(channel: SlotChannel, output: Output): void {
  const exit = process.exit.bind(process);
  process.exit = (code?: number | string | null): never => {
    const exitCode = Number(code ?? process.exitCode ?? 0);
    const job = currentJob();
    const here = new Error(`process.exit(${exitCode})`);
    output.flush();
    channel.send({
      kind: "exiting",
      job: job?.id,
      key: job?.key,
      exitCode,
      stack: cutOwnFrames(withoutFirstFrame(here)),
    });
    return exit(exitCode);
  };
}

/** The first frame is the trap's own. */
function withoutFirstFrame(error: Error): string {
  return (error.stack ?? error.message).replace(/\n\s+at .*/, "");
}
