/** How a worker process tells its nanny why it ended. Codes of our own start past those that Node and shells use. */
export const exitCodes = {
  /** It was told to end. */
  stopped: 0,
  /** It could not start; the nanny got the error by a message. */
  startFailed: 70,
  /** It was told to make way for a fresh process. */
  restart: 80,
  /** A slot could not be used any more without ending the process. */
  stuck: 81,
  /** The scheduler stayed away for longer than it may. */
  schedulerLost: 82,
  /** Its nanny vanished. */
  orphaned: 83,
} as const;
