/** Who sent the events: the public key, and the SDK according to its headers. */
export type EventOrigin = { apiKey: string; sdkName: string; sdkVersion: string };

export const unknownOrigin: EventOrigin = { apiKey: "", sdkName: "unknown", sdkVersion: "unknown" };
