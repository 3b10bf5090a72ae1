/**
 * Tries the key of a sink of events, without sending an event. Mixpanel refuses a wrong token of an empty import with 401
 * (docs.mixpanel.com/troubleshooting/errors/401-unauthorized.md, read 2026-11-28). PostHog takes events of any key and checks it only where
 * flags are asked for: `/flags` answers 401 to an unknown key, and older servers have `/decide` instead (from use; no document says it).
 */
import { AppError } from "../../core/errors.ts";
import type { ValidationStep } from "../../core/integrations/validation.ts";
import { storableForm } from "../../core/storable.ts";
import { failureOf } from "../transfer/sinks/sink-failure.ts";
import { failedStep, passedStep } from "./probe-storage.ts";

type Fetch = (input: string, init?: RequestInit) => Promise<Response>;
type SinkProbe = { fetch: Fetch; signal: AbortSignal };

const timeoutMs = 20_000;
/** Quoted of an answer; more of it is read, so that a key in it is whole and found. Keys have at most 500 characters. */
const quotedCharactersMax = 300;
const answerCharactersMax = quotedCharactersMax + 500;

/** Throws the signal's reason. */
export const probePosthog = (
  { hostName, projectApiKey }: { hostName: string; projectApiKey: string },
  probe: SinkProbe,
): Promise<ValidationStep[]> => {
  const body = JSON.stringify({ api_key: projectApiKey, token: projectApiKey, distinct_id: "spillway-validation" });
  const ask = (path: string) => post(probe, `${hostName.replace(/\/+$/, "")}${path}`, { body, headers: {} });
  return authenticated(probe, projectApiKey, async () => {
    const answer = await ask("/flags/?v=2");
    return answer.status === 404 ? await ask("/decide/?v=3") : answer;
  });
};

/** `origin`: of the region, without a path. Throws the signal's reason. */
export const probeMixpanel = (
  { origin, projectToken }: { origin: string; projectToken: string },
  probe: SinkProbe,
): Promise<ValidationStep[]> =>
  authenticated(probe, projectToken, async () => {
    const answer = await post(probe, `${origin}/import?strict=1`, {
      body: "[]",
      headers: { authorization: `Basic ${btoa(`${projectToken}:`)}` },
    });
    // A server that minds the empty list has accepted the token before.
    return answer.status === 400 ? { ...answer, status: 200 } : answer;
  });

type Answer = { status: number; headers: Headers; text: string };

const authenticated = async ({ signal }: SinkProbe, secret: string, ask: () => Promise<Answer>): Promise<ValidationStep[]> => {
  try {
    const answer = await ask();
    if (answer.status >= 200 && answer.status < 300) return [passedStep("authenticate")];
    const shown = answer.text.replaceAll(secret, "…").replaceAll(/\s+/g, " ").slice(0, quotedCharactersMax);
    const quoted = storableForm(shown).trim();
    const { code } = failureOf(answer, 0);
    return [failedStep("authenticate", { code, message: `The server answered ${answer.status}${quoted === "" ? "" : `: ${quoted}`}` })];
  } catch (error) {
    signal.throwIfAborted();
    const known = error instanceof AppError ? error : new AppError({ code: "SINK_UNAVAILABLE", message: "The server did not answer." });
    return [failedStep("authenticate", known)];
  }
};

const post = async (
  { fetch, signal }: SinkProbe,
  url: string,
  { body, headers }: { body: string; headers: Record<string, string> },
): Promise<Answer> => {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  return { status: response.status, headers: response.headers, text: await startOf(response) };
};

/** Reads the start of an answer only: the server is not ours. */
const startOf = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (reader !== undefined && text.length < answerCharactersMax) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  await reader?.cancel();
  return text.slice(0, answerCharactersMax);
};
