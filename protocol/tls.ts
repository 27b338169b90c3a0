import type https from "node:https";
import { createSecureContext } from "node:tls";
import type { TlsOptions } from "./connection.ts";
import { ConfigurationError } from "./errors.ts";

/** Certificates as text, so that they can be told to threads and other processes as they are. */
export interface TlsTexts {
  readonly ca?: readonly string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

/**
 * Reads the options, and sees that they fit each other; `names` are what the one who gave them calls them.
 * @throws ConfigurationError BAD_OPTION
 */
export function tlsTexts(
  tls: TlsOptions,
  names: { readonly cert: string; readonly key: string } = { cert: "tls.cert", key: "tls.key" },
): TlsTexts {
  const { ca, cert, key, rejectUnauthorized } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? [names.key, names.cert] : [names.cert, names.key];
    throw new ConfigurationError(
      "BAD_OPTION",
      `TLS needs both ${names.cert} and ${names.key}: give ${missing}, which is missing, or leave ${given} out`,
    );
  }
  const texts: TlsTexts = {
    ...(ca === undefined ? {} : { ca: (Array.isArray(ca) ? ca : [ca as string | Buffer]).map(textOf) }),
    ...(cert === undefined || key === undefined ? {} : { cert: textOf(cert), key: textOf(key) }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
  try {
    createSecureContext({ ca: texts.ca?.slice(), cert: texts.cert, key: texts.key });
  } catch (error) {
    const message = `TLS cannot be set up (${(error as Error).message}): give certificates and their key in PEM`;
    throw new ConfigurationError("BAD_OPTION", message, { cause: error });
  }
  return texts;
}

/** What comes out of a thread or process that was told a Buffer is any array of bytes. */
const textOf = (pem: string | Uint8Array): string => (typeof pem === "string" ? pem : Buffer.from(pem).toString());

/** An end with TLS that was given a plain address would send its token in the clear. @throws ConfigurationError BAD_OPTION */
export function checkScheme(address: string, tls: TlsOptions | undefined): void {
  if (tls === undefined || address.startsWith("wss://")) return;
  const message = `TLS is configured, but ${address} is an address without it: write ${address.replace(/^ws:/, "wss:")}, or leave the certificates out`;
  throw new ConfigurationError("BAD_OPTION", message, { details: { address } });
}

/**
 * What a listening end needs: undefined without a certificate of its own. Who names an authority lets in only those who show
 * one of its certificates.
 */
export function serverTls(tls: TlsTexts | undefined): https.ServerOptions | undefined {
  if (tls?.cert === undefined || tls.key === undefined) return undefined;
  const { cert, key, ca } = tls;
  return ca === undefined ? { cert, key } : { cert, key, ca: [...ca], requestCert: true };
}
