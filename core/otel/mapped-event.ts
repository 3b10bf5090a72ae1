/** What spans become before they are ingestion events. */

/** An ingestion event as an SDK would send it, to be read by `parseEvent` as an internal one: `body.otel` is for ourselves. */
export type MappedEvent = { id: string; timestamp: string; type: string; body: { [field: string]: unknown } };
