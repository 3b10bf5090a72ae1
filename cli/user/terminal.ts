/** What the program has of its process: streams, environment, clock, and the signal of Ctrl-C. */
import type { Readable, Writable } from "node:stream";

export type Terminal = {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  env: Readonly<Record<string, string | undefined>>;
  nowMs: () => number;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
};

/** Someone can be asked, and sees the question. */
export const isInteractive = ({ stdin, stderr }: Terminal): boolean => stdin.isTTY === true && stderr.isTTY === true;
