/** Loopback ports. */
import { createServer } from "node:net";
import { threadId } from "node:worker_threads";

/** Below the ports that systems give to connections, and to servers that ask for any: none of these is taken by accident before it is used. */
const [first, count] = [12_000, 20_000];
/** Processes and threads begin far from each other, and each takes another port every time. */
let taken = (process.pid * 7919 + threadId * 4801) % count;

/** Returns a port that nobody listens on now. */
export const freePort = async (): Promise<number> => {
  for (let asked = 0; asked < count; asked++) {
    const port = first + (taken++ % count);
    const isFree = await listenOnce(port).then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
  throw new Error(`No port from ${first} to ${first + count - 1} is free.`);
};

/**
 * Throws if something listens on the port, naming the variable that changes it: a foreign server on it would be mistaken for a part of the
 * stack.
 */
export const assertPortFree = async (port: number, variable: string): Promise<void> => {
  try {
    await listenOnce(port);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Error(`Port ${port} cannot be used (${code}). Stop what listens on it, or set ${variable} to another port.`, {
      cause: error,
    });
  }
};

const listenOnce = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
