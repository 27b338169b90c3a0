/** How a worker process that ends in order tells its nanny why. Codes of our own start past those that Node and shells use. */
export const exitCodes = {
  /** It was told to end. */
  stopped: 0,
  /** It could not start; the nanny got the error by a message. */
  startFailed: 70,
  /** It was told to make way for a fresh process. */
  restart: 80,
  /** The scheduler stayed away for longer than it may. */
  schedulerLost: 82,
} as const;
