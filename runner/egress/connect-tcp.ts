/** Opens a TCP connection to an address and closes it: shows whether the address answers. */
import { connect } from "node:net";

/** Resolves when the connection is there. Rejects with the system's error, or with the signal's reason. */
export const connectTcp = (address: string, port: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = connect({ host: address, port });
    const finish = (settle: () => void) => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      settle();
    };
    const abort = () => finish(() => reject(signal.reason));
    signal.addEventListener("abort", abort);
    socket.once("connect", () => finish(resolve));
    // Stays: a socket that is being destroyed may still fail.
    socket.on("error", (error) => finish(() => reject(error)));
  });
