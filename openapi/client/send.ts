/** Carries a call of a method to the generated SDK: credentials, Idempotency-Key, retries and typed errors. */
import type { Auth } from "./generated/core/auth.gen.ts";
import { defaultRetry, type RetryOptions, retryingFetch, systemDeps } from "./retrying-fetch.ts";
import { SpillwayError } from "./spillway-error.ts";

export type ClientOptions = {
  /** Address of the API without a path, such as `https://spillway.example.com`. */
  baseUrl: string;
  /** A key of the project. `secretKey` alone is enough; `publicKey` alone may only send scores. */
  publicKey?: string | undefined;
  secretKey?: string | undefined;
  /** For `client.administration` only. */
  adminKey?: string | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** `false` sends each request once. */
  retry?: Partial<RetryOptions> | false | undefined;
  /** Ends every call of this client when it is aborted. */
  signal?: AbortSignal | undefined;
};

export type RequestOptions = {
  signal?: AbortSignal | undefined;
  /** Overrides that of the client. */
  retry?: Partial<RetryOptions> | false | undefined;
  headers?: Record<string, string> | undefined;
};

export type CreateOptions = RequestOptions & {
  /** Calls with equal keys create one object. Without it each call gets a key of its own, so that its retries create one object. */
  idempotencyKey?: string | undefined;
};

type Input = { path?: object; query?: object | undefined; body?: unknown; bodySerializer?: (body: unknown) => unknown; isKeyed?: true };

/** Functions of the generated SDK differ in what they take and give; the generated methods name both beside each call. */
type SdkFunction = (options: never) => Promise<unknown>;

/** Calls one function of the SDK; answers what the API did. Throws SpillwayError, or the reason of a signal. */
export type Send = <Data>(operation: SdkFunction, input: Input, options?: CreateOptions) => Promise<Data>;

export type Connection = {
  send: Send;
  /** For answers that are streams: what a function of the SDK needs besides its input. A client of its own is nothing that it may be given: Deno takes it for one of Deno's. */
  settingsOf: (options?: RequestOptions) => {
    baseUrl: string;
    auth: (auth: Auth) => string | undefined;
    fetch: typeof fetch;
    signal: AbortSignal;
    throwOnError: true;
  };
};

export const connect = (given: ClientOptions): Connection => {
  const address = { baseUrl: given.baseUrl.replace(/\/+$/, ""), auth: (auth: Auth) => credentialOf(given, auth) };
  // Called as a method of nothing, which browsers demand.
  const sendOne = given.fetch ?? ((request: Request) => fetch(request));
  const settingsWith = (options: RequestOptions, fetchOne: (request: Request) => Promise<Response>) => ({
    ...address,
    fetch: retryingFetch(retryOf(given, options), systemDeps(fetchOne)) as typeof fetch,
    signal: AbortSignal.any([given.signal, options.signal].filter((signal) => signal !== undefined)),
    throwOnError: true as const,
  });
  const settingsOf: Connection["settingsOf"] = (options = {}) => settingsWith(options, sendOne);
  const sendWith = async <Data>(operation: SdkFunction, input: object, options: RequestOptions, key: object): Promise<Data> => {
    // An answer that breaks off is none: the call is repeated, with the key that it had.
    const settings = settingsWith(options, async (request) => whole(await sendOne(request)));
    const all = { ...settings, ...input, headers: { accept: "application/json", ...options.headers, ...key } };
    return dataOf<Data>(await answerOf(() => operation(all as never)));
  };
  const send: Send = async <Data>(operation: SdkFunction, { isKeyed, ...input }: Input, options: CreateOptions = {}): Promise<Data> => {
    if (!isKeyed) return sendWith<Data>(operation, input, options, {});
    try {
      return await sendWith<Data>(operation, input, options, { "idempotency-key": options.idempotencyKey ?? newKey() });
    } catch (error) {
      // A server that cannot encrypt takes no key for an answer that shows a secret. A key of ours is for retries alone.
      if (!(error instanceof SpillwayError) || error.code !== "ENCRYPTION_DISABLED" || options.idempotencyKey !== undefined) throw error;
      return sendWith<Data>(operation, input, options, {});
    }
  };
  return { send, settingsOf };
};

const retryOf = (given: ClientOptions, options: RequestOptions): RetryOptions => {
  const chosen = options.retry ?? given.retry;
  return chosen === false
    ? { ...defaultRetry, attemptsMax: 1 }
    : { ...defaultRetry, ...(given.retry === false ? {} : given.retry), ...chosen };
};

/** An operation names each scheme that it takes, and the SDK sends the last that has a credential: only one may. */
const credentialOf = ({ publicKey, secretKey, adminKey }: ClientOptions, auth: Auth): string | undefined => {
  // Cookies and project headers are for people in a browser.
  if (auth.type === "apiKey") return undefined;
  if (auth.key === "adminKey") return adminKey;
  const pair = publicKey === undefined || secretKey === undefined ? undefined : `${publicKey}:${secretKey}`;
  if (auth.scheme === "basic") return pair;
  return pair === undefined ? (secretKey ?? publicKey) : undefined;
};

/** The answer with all of its body. */
const whole = async (response: Response): Promise<Response> =>
  response.body === null ? response : new Response(await response.arrayBuffer(), response);

const newKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const answerOf = async (call: () => Promise<unknown>): Promise<{ data: unknown; response: Response }> => {
  try {
    return (await call()) as { data: unknown; response: Response };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unexpected(error.message);
  }
};

/** A server that is not the API likes to answer every path with a page. */
const dataOf = <Data>({ data, response }: { data: unknown; response: Response }): Data => {
  if (response.status === 204) return undefined as Data;
  if (typeof data === "string" && !(response.headers.get("content-type") ?? "").includes("json")) throw unexpected(data.slice(0, 200));
  return data as Data;
};

const unexpected = (what: string): SpillwayError =>
  new SpillwayError({
    code: "UNEXPECTED_RESPONSE",
    message: `The server did not answer with JSON: ${what}`,
    help: "Check that baseUrl is the address of the API.",
  });
