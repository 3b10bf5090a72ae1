/** Loopback ports. */
import { createServer } from "node:net";

/** Returns a port that nobody listens on now. */
export const freePort = (): Promise<number> => listenOnce(0);

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

const listenOnce = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
