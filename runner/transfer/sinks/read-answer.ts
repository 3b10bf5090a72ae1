/** Reads what an analytics service answered: as JSON, as a failure, and as a quote for logs and reasons. */
import type { z } from "zod";
import { failureOf, SinkFailure } from "./sink-failure.ts";
import type { SinkAnswer } from "./sink-request.ts";

const quoteCharactersMax = 500;

/** Quotes on one line, cut, and without secrets that the service may have echoed. */
export type Quote = (text: string) => string;

export const quoteWithout =
  (token: string): Quote =>
  (text) =>
    [token, basicOf(token)]
      .reduce((quoted, secret) => (secret === "" ? quoted : quoted.replaceAll(secret, "[secret]")), text)
      .replaceAll(/\s+/g, " ")
      .trim()
      .slice(0, quoteCharactersMax);

/** The token as the user of Basic authentication, without password. */
export const basicOf = (token: string): string => Buffer.from(`${token}:`).toString("base64");

/** The JSON of an answer; undefined if it is none. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Parses a success. Throws what another status means, or SINK_UNEXPECTED_ANSWER. */
export const parseSuccess = <Shape extends z.ZodType>(
  schema: Shape,
  answer: SinkAnswer,
  { quote, nowMs }: { quote: Quote; nowMs: number },
): z.output<Shape> => {
  const { status, text } = answer;
  if (status < 200 || status >= 300) throw failureOf({ ...answer, text: quote(text) }, nowMs);
  const { data, success } = schema.safeParse(jsonOf(text));
  if (!success) throw new SinkFailure({ code: "SINK_UNEXPECTED_ANSWER", detail: `status ${status}: ${quote(text)}` });
  return data;
};
