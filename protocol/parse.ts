// Everything that arrives on a socket is unknown until one of these has looked at it: one parser per direction.
export { parseClientToScheduler, parseSchedulerToClient } from "./parse-client.ts";
export { parsePeerAnswer, parsePeerRequest } from "./parse-peer.ts";
export { parseSchedulerToWorker, parseWorkerToScheduler } from "./parse-worker.ts";
