import type { WireError } from "../protocol/errors.ts";
import { fromWireError } from "../protocol/wire-error.ts";
import { withLocalFiles } from "./code/source-names.ts";

/** The error that came from the cluster, with this machine's own files in its stacks instead of their names in bundles. */
export function localError(wire: WireError): Error {
  return fromWireError(localized(wire));
}

function localized(wire: WireError): WireError {
  return {
    ...wire,
    message: withLocalFiles(wire.message),
    stack: wire.stack === undefined ? undefined : withLocalFiles(wire.stack),
    cause: wire.cause === undefined ? undefined : localized(wire.cause),
  };
}
