import { Socket } from "node:net";
import { endOwnGroup } from "./own-group.ts";

// Runs as a thread of a slot's process. The pipe carries nothing and ends when the process that holds its other end does,
// however it does. A thread of its own notices that at once even while user code blocks the main thread.

const pipe = new Socket({ fd: 4, readable: true, writable: false });
pipe.on("error", endOwnGroup);
pipe.on("close", endOwnGroup);
pipe.resume();
