/** A signal that is aborted by `signal` or by Ctrl-C. `forget` gives interrupts back to the process. */
export function abortOnInterrupt(signal: AbortSignal | undefined): { readonly signal: AbortSignal; forget(): void } {
  const controller = new AbortController();
  const onInterrupt = (name: NodeJS.Signals): void =>
    controller.abort(new Error(`the process was interrupted by ${name}`));
  process.once("SIGINT", onInterrupt).once("SIGTERM", onInterrupt);
  return {
    signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    forget: () => {
      process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
    },
  };
}
