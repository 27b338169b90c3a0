import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { WebSocket } from "ws";
import { FrameWriter } from "../../protocol/frame.ts";
import type { Role, WorkerRegistration } from "../../protocol/messages.ts";
import { protocolVersion } from "../../protocol/version.ts";

/** What is sent after a connection was made, and how far the connection is by then. */
export interface Attack {
  /** "tcp": raw bytes. "upgraded": bytes below the frames of a WebSocket. "frame": a frame before, "greeted" one after the hello. */
  readonly stage: "tcp" | "upgraded" | "frame" | "greeted";
  readonly bytes: Uint8Array;
}

export interface Target {
  readonly address: string;
  readonly token: string;
  readonly role: Role;
}

const stages = ["tcp", "upgraded", "frame", "greeted"] as const;

/** Random bytes at any stage, and valid frames that had a few bytes changed or were cut off. */
export function attacks(messages: readonly unknown[]): fc.Arbitrary<Attack> {
  const frames = messages.map((message) => frameOf([message]));
  const noise = fc.record({
    stage: fc.constantFrom(...stages),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }),
  });
  const mutated = fc
    .tuple(
      fc.subarray(frames, { minLength: 1, maxLength: 1 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.option(fc.nat()),
    )
    .map(([[frame], changes, cut]): Attack => {
      const bytes = Uint8Array.from(frame as Uint8Array);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return { stage: "greeted", bytes: cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1)) };
    });
  return fc.oneof({ weight: 1, arbitrary: noise }, { weight: 3, arbitrary: mutated });
}

/** Carries it out, and resolves once that connection is over: hung up by the target, or by us after it had its answer. */
export function attack(target: Target, { stage, bytes }: Attack): Promise<void> {
  return stage === "tcp" ? attackTcp(target, bytes) : attackSocket(target, stage, bytes);
}

function attackTcp({ address }: Target, bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.end(bytes));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.resume();
  });
}

function attackSocket(target: Target, stage: Attack["stage"], bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const ws = new WebSocket(target.address);
    let below: Socket | undefined;
    ws.on("upgrade", (response) => {
      below = response.socket;
    });
    ws.on("open", () => {
      if (stage === "upgraded") {
        below?.end(bytes);
        return;
      }
      if (stage === "greeted") ws.send(frameOf([helloOf(target)]));
      ws.send(bytes);
      // Who was not thrown out has its ping answered, after all that came before was read.
      ws.ping();
    });
    ws.on("pong", () => ws.terminate());
    ws.on("error", () => ws.terminate());
    ws.on("close", () => resolve());
  });
}

let lastName = 0;

function helloOf({ token, role }: Target): object {
  lastName++;
  const name = `fuzzer-${lastName}`;
  const hello = { op: "hello", protocol: protocolVersion, role, token, name };
  return role === "worker" ? { ...hello, registration: registrationOf(name) } : hello;
}

/** Nobody listens at its address, so that whoever believes that a result lies there finds out at once. */
function registrationOf(name: string): WorkerRegistration {
  return {
    name,
    address: `ws://127.0.0.1:1/${name}`,
    host: "127.0.0.1",
    pid: 1,
    slots: 1,
    executor: "threads",
    memoryLimitBytes: 0,
    resources: {},
    version: "0",
    nodeVersion: process.version,
  };
}

const frameOf = (messages: readonly unknown[]): Uint8Array => Buffer.concat(new FrameWriter().encode(messages));
