import { readFileSync } from "node:fs";
import { ConfigurationError } from "../protocol/errors.ts";
import { type TlsTexts, tlsTexts } from "../protocol/tls.ts";
import { optional, type Setting, text } from "./setting.ts";

/** The settings of every command that only connects. */
export const clientTlsSettings: Readonly<Record<"tlsCa" | "tlsCert" | "tlsKey", Setting<string | undefined>>> = {
  tlsCa: optional("--tls-ca <file>", "trust those who show a certificate of this authority (PEM)", text),
  tlsCert: optional("--tls-cert <file>", "certificate to show (PEM)", text),
  tlsKey: optional("--tls-key <file>", "the certificate's private key (PEM)", text),
};

/**
 * What the files hold; undefined if none is named.
 * @throws ConfigurationError BAD_OPTION
 */
export function readTls(values: {
  readonly tlsCa: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
}): TlsTexts | undefined {
  const [ca, cert, key] = [
    readPem(values.tlsCa, "--tls-ca"),
    readPem(values.tlsCert, "--tls-cert"),
    readPem(values.tlsKey, "--tls-key"),
  ];
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  return tlsTexts({ ca, cert, key }, { cert: "--tls-cert", key: "--tls-key" });
}

function readPem(file: string | undefined, flag: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const message = `${flag} ${JSON.stringify(file)} cannot be read (${(error as Error).message}): give a PEM file`;
    throw new ConfigurationError("BAD_OPTION", message, { cause: error });
  }
}
