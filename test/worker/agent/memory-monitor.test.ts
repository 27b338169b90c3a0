import { afterEach, expect, test } from "vitest";
import { silentLogger } from "../../../protocol/logger.ts";
import { MemoryMonitor } from "../../../worker/agent/memory-monitor.ts";

const mib = 2 ** 20;
let monitor: MemoryMonitor | undefined;
afterEach(() => monitor?.stop());

test.each([
  ["without a limit", 0, 256 * mib],
  ["with a limit", 512 * mib, 32 * mib],
])("looks for shared memory that was let go, once it is much: %s", (_, limitBytes, mostBytes) => {
  let collections = 0;
  monitor = new MemoryMonitor({
    limitBytes,
    read: () => 1,
    onSample: () => {},
    onPaused: () => {},
    isBusy: () => false,
    collectGarbage: () => collections++,
    log: silentLogger,
  });
  for (const expected of [1, 2]) {
    monitor.sharedFreed(mostBytes - 1);
    expect(collections).toBe(expected - 1);
    monitor.sharedFreed(1);
    expect(collections).toBe(expected);
  }
});
