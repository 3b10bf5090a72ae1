/** Translates failures of connections to customers' hosts. Bun's errors hold the whole URL, so only their codes are kept. */
import { AppError } from "../../core/errors.ts";

/** The code of an error, never its text. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? ("code" in error && typeof error.code === "string" ? error.code : error.name) : "unknown";

/** Codes of BoringSSL and of Bun about certificates and handshakes. */
const tlsCodes = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO)/;

/** EGRESS_TLS_FAILED or EGRESS_UNREACHABLE, by the error's code. */
export const connectionFailure = ({ host }: URL, error: unknown): AppError => {
  const detail = reasonOf(error);
  return tlsCodes.test(detail)
    ? new AppError({ code: "EGRESS_TLS_FAILED", message: `${host} has no valid certificate, or does not speak TLS.`, detail })
    : new AppError({ code: "EGRESS_UNREACHABLE", message: `The connection to ${host} failed.`, detail });
};

/** The same bytes as they are read, without a buffer of its own. A failure is a `connectionFailure`, or the signal's reason. */
export const withCleanFailures = (
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  url: URL,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const reader = body.getReader();
  return new ReadableStream(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(signal?.aborted === true ? signal.reason : connectionFailure(url, error));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
};
