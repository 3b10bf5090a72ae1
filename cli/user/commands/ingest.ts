/** `ingest FILE`: sends events in batches, and says what the server made of each. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Command } from "@commander-js/extra-typings";
import type { SpillwayClient } from "../../../openapi/client/index.ts";
import type { Context, Run } from "../context.ts";
import { CommandError, usageError } from "../exit-codes.ts";
import { type ReadEvent, readEvents } from "../ingest/read-events.ts";
import { clip } from "../output/output.ts";
import { openProgress } from "../output/progress.ts";
import { formatCount } from "../output/quantities.ts";

/** The server takes 4.5 MB and 50,000 events (docs/ingestion.md), and advises importers to stay below a thousand entities. */
const batchBytesMax = 4_000_000;
const batchEventsMax = 1000;
const eventBytesMax = 4_400_000;
/** Shown to people; --json lists all. */
const shownMax = 20;

type Event = { place: string; text: string; id: string | null };
type Rejection = { place: string; id: string | null; status: number | null; message: string };
type Result = { accepted: number; sampledOut: number; rejected: Rejection[]; batches: number };

export const addIngest = (program: Command, run: Run): void => {
  program
    .command("ingest")
    .description("Send events: a batch of the Langfuse SDKs, an array of events, or one event on each line")
    .argument("<file>", "file of JSON or JSONL, - for stdin")
    .action((file, _options, command) => run(command, (context) => ingest(context, file)));
};

const ingest = async (context: Context, file: string): Promise<void> => {
  const { terminal, output } = context;
  const client = await context.openClient();
  const input = file === "-" ? terminal.stdin : createReadStream(await readableFile(file));
  const progress = openProgress(terminal, { format: formatCount, suffix: " events" });
  const result: Result = { accepted: 0, sampledOut: 0, rejected: [], batches: 0 };
  try {
    for await (const { events, faults } of batchesOf(readEvents(input))) {
      result.rejected.push(...faults);
      if (events.length > 0) await send(client, events, result);
      progress.update({ label: "ingest", done: result.accepted + result.sampledOut + result.rejected.length, total: null });
    }
  } catch (error) {
    if (result.batches > 0) output.note(`${inWords(result)} before this:`);
    throw error;
  } finally {
    progress.stop();
  }
  output.document(result, () => inWords(result));
  if (result.rejected.length > 0) throw refusal(result.rejected);
};

const readableFile = async (file: string): Promise<string> => {
  try {
    if (!(await stat(file)).isDirectory()) return file;
  } catch (error) {
    throw usageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw usageError(`${file} is a folder.`);
};

async function* batchesOf(events: AsyncIterable<ReadEvent>): AsyncGenerator<{ events: Event[]; faults: Rejection[] }, void, undefined> {
  let batch: { events: Event[]; faults: Rejection[] } = { events: [], faults: [] };
  let bytes = 0;
  for await (const event of events) {
    if ("fault" in event) {
      batch.faults.push({ place: event.place, id: null, status: null, message: event.fault });
      continue;
    }
    const size = Buffer.byteLength(event.text) + 1;
    if (size > eventBytesMax) {
      batch.faults.push({ place: event.place, id: event.id, status: null, message: "It is larger than the 4.4 MB that fit into a batch." });
      continue;
    }
    if (batch.events.length >= batchEventsMax || (batch.events.length > 0 && bytes + size > batchBytesMax)) {
      yield batch;
      batch = { events: [], faults: [] };
      bytes = 0;
    }
    batch.events.push(event);
    bytes += size;
  }
  if (batch.events.length + batch.faults.length > 0) yield batch;
}

/** Adds what became of the batch to the result. */
const send = async (client: SpillwayClient, events: readonly Event[], result: Result): Promise<void> => {
  const { successes, errors } = await client.ingestion.ingestText(`{"batch":[${events.map(({ text }) => text).join(",")}]}`);
  const placeOf = new Map(events.map(({ id, place }) => [id, place]));
  result.batches += 1;
  result.accepted += successes.filter(({ status }) => status !== 204).length;
  result.sampledOut += successes.filter(({ status }) => status === 204).length;
  result.rejected.push(
    ...errors.map(({ id, status, message, error }) => ({
      place: placeOf.get(id) ?? "",
      id,
      status,
      message: [message, error].filter((part) => part !== undefined && part !== "").join(": "),
    })),
  );
};

const inWords = ({ accepted, sampledOut, rejected }: Result): string =>
  [
    `${formatCount(accepted)} ${accepted === 1 ? "event" : "events"} accepted`,
    ...(sampledOut === 0 ? [] : [`${formatCount(sampledOut)} left out by the project's sampling`]),
    ...(rejected.length === 0 ? [] : [`${formatCount(rejected.length)} rejected`]),
  ].join(", ");

const refusal = (rejected: readonly Rejection[]): CommandError =>
  new CommandError("refused", `${formatCount(rejected.length)} ${rejected.length === 1 ? "event was" : "events were"} rejected.`, {
    detail: [
      ...rejected.slice(0, shownMax).map(({ place, id, message }) => `${place}${id === null ? "" : ` (${clip(id)})`}: ${message}`),
      ...(rejected.length > shownMax ? [`and ${formatCount(rejected.length - shownMax)} more; --json lists all`] : []),
    ],
    help: "Correct them and send the file again: events that are there already stay as they are.",
  });
