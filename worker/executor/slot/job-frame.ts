import { AsyncLocalStorage } from "node:async_hooks";

/** Whose code is running: follows a job's code into everything that it awaits, schedules or leaves behind. */
export interface JobFrame {
  readonly job: number;
  readonly key: string;
}

const frames = new AsyncLocalStorage<JobFrame>();
let latest: JobFrame | undefined;

export function runInFrame<T>(frame: JobFrame, body: () => Promise<T>): Promise<T> {
  latest = frame;
  return frames.run(frame, body).finally(() => {
    if (latest === frame) latest = undefined;
  });
}

/** The job whose code is running now; where that got lost (callbacks of native code), the one that the slot runs. */
export function currentFrame(): JobFrame | undefined {
  return frames.getStore() ?? latest;
}
