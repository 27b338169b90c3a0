import { isMainThread, type MessagePort, workerData } from "node:worker_threads";
import { SlotLane } from "../lane.ts";
import { postableChunks } from "../own-chunks.ts";
import type { Envelope, FromSlot, ToSlot } from "../slot-messages.ts";
import { look, openEnvelope } from "../slot-messages.ts";

/** The slot's end of its connection to the host; the only thing in which threads and processes differ. */
export interface SlotChannel {
  send(message: FromSlot): void;
  /** One listener; what arrived before is delivered first. */
  onMessage(listener: (message: ToSlot) => void): void;
  /** What a thread shares with its host, and the way to have the host look there. */
  readonly lane?: SlotLane | undefined;
  look?(): void;
}

/** Takes the channel to the host out of the reach of user code, so that nothing but the slot's runtime speaks on it. */
export function takeChannel(): SlotChannel {
  return isMainThread ? takeProcessChannel() : takeThreadChannel();
}

function takeThreadChannel(): SlotChannel {
  const data = workerData as { slotPort?: MessagePort; lane?: SharedArrayBuffer };
  const { slotPort: port, lane } = data;
  delete data.slotPort;
  delete data.lane;
  if (port === undefined || lane === undefined) throw new Error("a slot's thread was started without its port");
  return {
    lane: new SlotLane(lane),
    look: () => port.postMessage(look),
    send(message) {
      if (message.kind !== "done") return port.postMessage(message);
      const { chunks, transfer } = postableChunks(message.value);
      port.postMessage({ ...message, value: chunks }, transfer);
    },
    onMessage(listener) {
      port.on("message", listener);
    },
  };
}

function takeProcessChannel(): SlotChannel {
  const send = process.send?.bind(process);
  if (send === undefined) throw new Error("a slot's process was started without an IPC channel");
  // To user code this is a process that nobody talks to. The rest of the channel is Node's own and has to stay.
  for (const name of ["send", "disconnect"] as const) {
    Object.defineProperty(process, name, { value: undefined, configurable: true, writable: true });
  }
  return {
    send(message) {
      // An error says that the host is gone, and the parent watch deals with that.
      send({ musterSlot: message } satisfies Envelope<FromSlot>, undefined, undefined, () => {});
    },
    onMessage(listener) {
      process.on("message", (received) => {
        const message = openEnvelope<ToSlot>(received);
        if (message !== undefined) listener(message);
      });
    },
  };
}
