/** Setup of every test file: answers of the API, whoever asks for them through fetch, are compared with its document. */
import { documentOfApi, undeclared } from "./declared-answers.ts";

/** Files of one worker share `globalThis`, so the fetch of the runtime is kept there by the first. */
const kept = globalThis as { fetchOfRuntime?: typeof fetch };
kept.fetchOfRuntime ??= globalThis.fetch;
const fetchOnce = kept.fetchOfRuntime;
const faultOf = undeclared(documentOfApi());

const checkedFetch = async (...[input, init]: Parameters<typeof fetch>): Promise<Response> => {
  const response = await fetchOnce(input, init);
  // Only our API gives every answer a request id of this name; what stands between it and a test may answer by itself.
  if (!response.headers.has("x-request-id")) return response;
  const request = input instanceof Request ? input : undefined;
  const isProblem = response.headers.get("content-type")?.startsWith("application/problem+json") === true;
  const code = isProblem && (init?.method ?? request?.method) !== "HEAD" ? await codeOf(response.clone()) : undefined;
  const fault = faultOf({
    method: (init?.method ?? request?.method ?? "GET").toUpperCase(),
    path: new URL(request?.url ?? String(input)).pathname,
    status: response.status,
    code,
  });
  if (fault !== undefined) throw new Error(`${fault} (openapi/openapi.json)`);
  return response;
};

/** Undefined where the body was cut. */
const codeOf = async (response: Response): Promise<string | undefined> => {
  const text = await response.text().catch(() => "{}");
  return text.startsWith("{") ? (JSON.parse(text) as { code?: string }).code : undefined;
};

globalThis.fetch = Object.assign(checkedFetch, fetchOnce);
