/** Ends this process with everything that it started, and does not return. */
export function endOwnGroup(): void {
  try {
    process.kill(-process.pid, "SIGKILL");
  } finally {
    // There are no groups on Windows, and none to lead if we were not started as a leader.
    process.kill(process.pid, "SIGKILL");
  }
}
