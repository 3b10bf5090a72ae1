/** A server on loopback that takes deliveries of webhooks and verifies each. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SpillwayError, verifyWebhook } from "../../../openapi/client/index.ts";

export type Received = {
  /** The header `webhook-id`, the same for every attempt of an event. */
  id: string | null;
  receivedAt: string;
  isVerified: boolean;
  /** Why it is not verified. */
  fault: string | null;
  /** The event, only of a verified delivery. */
  event: unknown;
};

/** An event holds a manifest at most, or its address if that is large. */
const bodyBytesMax = 8_000_000;

export type Receiver = { url: string; close: () => Promise<void> };

/** Answers 204 to what is signed with one of the secrets and 400 to anything else. Throws if the port is taken. */
export const openReceiver = async (
  { port, secrets }: { port: number; secrets: readonly string[] },
  nowMs: () => number,
  onReceived: (received: Received) => void,
): Promise<Receiver> => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = request.method === "POST" ? await readBody(request) : undefined;
    if (body === undefined) {
      response.writeHead(request.method === "POST" ? 413 : 405).end();
      return;
    }
    const header = request.headers["webhook-id"];
    const id = typeof header === "string" ? header : null;
    const base = { id, receivedAt: new Date(nowMs()).toISOString() };
    try {
      const event = await verifyWebhook(body, request.headers, secrets, { nowMs: nowMs() });
      response.writeHead(204).end();
      onReceived({ ...base, isVerified: true, fault: null, event });
    } catch (error) {
      response.writeHead(400).end();
      onReceived({ ...base, isVerified: false, fault: faultOf(error), event: null });
    }
  };
  const server = createServer((request, response) => {
    // A sender that goes away in the middle has its own retries.
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const faultOf = (error: unknown): string =>
  error instanceof SpillwayError ? error.message : `The body cannot be read: ${error instanceof Error ? error.message : String(error)}`;

const readBody = async (request: IncomingMessage): Promise<Uint8Array | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
