/** Who sent events: the public key and the SDK, as their headers say. */
export type EventOrigin = { apiKey: string; sdkName: string; sdkVersion: string };

export const unknownOrigin: EventOrigin = { apiKey: "", sdkName: "unknown", sdkVersion: "unknown" };
