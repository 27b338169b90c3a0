/** With what code a WebSocket is closed by whoever cannot take what it was sent. */
export const closeCodes = { unreadable: 1008, tooLarge: 1009 } as const;
