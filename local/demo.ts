/**
 * `npm run demo`: starts everything, sends traces with the Langfuse SDK and the ingestion API, exports them with the client,
 * downloads and verifies the file. With `--exit` it then ends.
 */
import { gunzipSync } from "node:zlib";
import { type CreateBatchExport, SpillwayClient } from "../openapi/client/index.ts";
import { sampleEvents } from "./sample-data.ts";
import { sendSample, traceConversation } from "./send-sample.ts";
import { createSignInLink } from "./sign-in-link.ts";
import { type Stack, startStack } from "./stack.ts";
import { runUntilStopped } from "./until-stopped.ts";

const exitWhenDone = process.argv.includes("--exit");
const startedMs = Date.now();
const say = (line: string) => console.log(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`);

const sampleSize = 2000;

/** Waits until the runner has written what the API accepted; `GET /api/public/observations` shows its progress. */
const untilWritten = async (stack: Stack, observations: number): Promise<void> => {
  for (const deadlineMs = Date.now() + 120_000; Date.now() < deadlineMs; ) {
    const response = await fetch(`${stack.apiUrl}/api/public/observations?limit=1`, {
      headers: { authorization: `Basic ${btoa(`${stack.publicKey}:${stack.secretKey}`)}` },
    });
    const page = (await response.json()) as { meta?: { totalItems: number } };
    if ((page.meta?.totalItems ?? 0) >= observations) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`The events were not written within two minutes; the runner's log is in ${stack.dataDir}/logs.`);
};

const demo = async (stack: Stack): Promise<void> => {
  const traceId = await traceConversation(stack);
  say(`the Langfuse SDK has sent a conversation: trace ${traceId}`);
  const sent = await sendSample(stack, sampleEvents({ projectId: stack.projectId, events: sampleSize, endMs: Date.now() - 60_000 }));
  say(`${sent.toLocaleString("en")} sample observations went through the ingestion API`);
  await untilWritten(stack, sent + 2);
  say("the runner has merged them and written them to ClickHouse");

  const client = new SpillwayClient({ baseUrl: stack.apiUrl, publicKey: stack.publicKey, secretKey: stack.secretKey });
  const query: CreateBatchExport["query"] = {
    tableName: "events",
    filter: [{ type: "stringOptions", column: "type", operator: "any of", value: ["GENERATION"] }],
    orderBy: null,
  };
  const estimate = await client.exports.estimate({ query });
  say(
    `the API estimates ${estimate.rows.toLocaleString("en")} generations, about ${(estimate.bytes / 1e6).toFixed(1)} MB, in ${estimate.slices === 1 ? "1 slice" : `${estimate.slices} slices`}`,
  );

  const created = await client.exports.create({ name: "Demo: all generations", format: "JSONL", compression: "gzip", query });
  say(`export ${created.id} is ${created.status}`);
  const { result } = await client.exports.waitFor(created.id, {
    signal: AbortSignal.timeout(60_000),
    onProgress: ({ status, progress }) => say(`  ${status}, ${progress.rows.toLocaleString("en")} rows, ${progress.percent ?? 0} %`),
  });

  const file = await client.exports.download(created.id);
  const bytes = Buffer.from(await new Response(file.stream).arrayBuffer());
  const lines = gunzipSync(bytes).toString("utf8").trimEnd().split("\n");
  if (lines.length !== result?.rows) throw new Error(`The file has ${lines.length} rows; the manifest says ${result?.rows}.`);
  const first = JSON.parse(lines[0] ?? "{}") as Record<string, unknown>;
  say(
    `downloaded ${file.name}: ${bytes.byteLength.toLocaleString("en")} bytes, ${lines.length.toLocaleString("en")} rows, CRC-32 ${file.crc32}: as in the manifest`,
  );
  say(
    `newest row: ${String(first["startTime"])} ${String(first["traceName"])} / ${String(first["name"])} / ${String(first["providedModelName"])}`,
  );
  await deliverWindow(stack, client);
  if (exitWhenDone) return;
  console.log(`\nServing until Ctrl-C.
  console    ${await createSignInLink(stack)}
  API page   ${stack.apiUrl}/docs
  try        curl -u ${stack.publicKey}:${stack.secretKey} ${stack.apiUrl}/api/public/batch-exports
  details    ${stack.dataDir}/stack.json`);
};

/** Makes an integration with the full history, delivers what there is now, and reads the manifest from the bucket. */
const deliverWindow = async (stack: Stack, client: SpillwayClient): Promise<void> => {
  const { s3 } = stack;
  const integration = await client.integrations.create({
    kind: "blob_storage",
    name: `Demo ${new Date().toISOString()}`,
    schedule: { frequency: "hourly" },
    mode: "FULL_HISTORY",
    tables: ["traces", "events"],
    settings: {
      type: "S3_COMPATIBLE",
      bucketName: s3.buckets.exports,
      endpoint: s3.endpoint,
      region: s3.region,
      prefix: `demo-${Date.now()}/`,
      fileType: "JSONL",
    },
    secret: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  });
  await client.integrations.run(integration.id);
  for (const deadlineMs = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    if (Date.now() > deadlineMs) throw new Error(`No window was delivered within a minute; the runner's log is in ${stack.dataDir}/logs.`);
    const { data: runs } = await client.integrations.listRuns(integration.id);
    const run = runs.find(({ state }) => state === "completed");
    if (run === undefined) continue;
    say(
      `the integration ${integration.id} has delivered what was written from ${run.windowStart} to ${run.windowEnd}: ${run.rows.toLocaleString("en")} rows, manifest ${run.manifestKey ?? ""}`,
    );
    return;
  }
};

say("starting ClickHouse, Postgres, S3, the API and the runner");
await runUntilStopped(startStack({ say: (line) => say(`the stack is ${line}`) }), demo, { exitWhenDone });
