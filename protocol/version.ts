/** Both ends of a socket must speak the same one; it changes whenever an older peer would misread us. */
export const protocolVersion: number = 2;

/** The version of this package; a test keeps it equal to package.json's. */
export const version: string = "0.1.0";
