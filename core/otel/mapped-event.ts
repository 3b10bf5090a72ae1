/** OpenTelemetry, mapping: the output of the mappers, before it is parsed as ingestion events. */

/** An ingestion event as an SDK would send it. `parseEvent` reads it as an internal one: `body.otel` is for our own use. */
export type MappedEvent = { id: string; timestamp: string; type: string; body: { [field: string]: unknown } };
