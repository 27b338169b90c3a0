import { networkInterfaces } from "node:os";

/** The first IPv4 address of this machine that others can reach it by; undefined on a machine without a network. */
export function externalAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses.find(({ internal, family }) => !internal && family === "IPv4")?.address;
}

/** Whether a host stands for all addresses of its machine: one can listen on it, but nobody can dial it. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "[::]";
}
