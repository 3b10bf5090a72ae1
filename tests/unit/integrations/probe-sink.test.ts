import { describe, expect, it } from "vitest";
import { probeMixpanel, probePosthog } from "../../../runner/integrations/probe-sink.ts";

type Sent = { url: string; headers: Headers; body: string };

/** A server that answers what is given, one after the other. */
const serverOf = (...answers: (Response | Error)[]) => {
  const sent: Sent[] = [];
  const probe = {
    signal: new AbortController().signal,
    fetch: (url: string, init: RequestInit = {}) => {
      sent.push({ url, headers: new Headers(init.headers), body: String(init.body) });
      const answer = answers[sent.length - 1] ?? new Error("one request too many");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  return { sent, probe };
};
const posthog = { hostName: "https://eu.i.posthog.com/", projectApiKey: "phc_secret" };
const mixpanel = { origin: "https://api-eu.mixpanel.com", projectToken: "token-secret" };
const passed = [{ name: "authenticate", outcome: "passed", code: null, message: null, help: null }];

describe("the key of PostHog", () => {
  it("is checked where flags are asked for, without an event", async () => {
    const { sent, probe } = serverOf(Response.json({ flags: {} }));
    expect(await probePosthog(posthog, probe)).toEqual(passed);
    expect(sent.map(({ url }) => url)).toEqual(["https://eu.i.posthog.com/flags/?v=2"]);
    expect(JSON.parse(sent[0]?.body ?? "")).toMatchObject({ api_key: "phc_secret" });
  });

  it("is checked at the former address of an older server", async () => {
    const { sent, probe } = serverOf(new Response("", { status: 404 }), Response.json({}));
    expect(await probePosthog(posthog, probe)).toEqual(passed);
    expect(sent[1]?.url).toBe("https://eu.i.posthog.com/decide/?v=3");
  });

  it.each([
    [401, "SINK_CREDENTIALS_REJECTED"],
    [403, "SINK_REJECTED"],
    [302, "SINK_NOT_FOUND"],
    [418, "SINK_REJECTED"],
    [429, "SINK_RATE_LIMITED"],
    [503, "SINK_UNAVAILABLE"],
  ])("that is answered with %d fails as %s, in the server's words without the key", async (status, code) => {
    const { probe } = serverOf(new Response("bad key phc_secret", { status }));
    const [step] = await probePosthog(posthog, probe);
    expect(step).toMatchObject({ outcome: "failed", code, message: `The server answered ${status}: bad key …` });
  });
});

it("a key at the end of what is quoted is not quoted in part", async () => {
  for (const before of Array.from({ length: 12 }, (_, index) => 288 + index)) {
    const { probe } = serverOf(new Response(`${"x".repeat(before)}phc_secret`, { status: 401 }));
    const [step] = await probePosthog(posthog, probe);
    expect(step?.message).not.toContain("phc");
    expect(step?.message?.length).toBeLessThan(350);
  }
});

describe("the token of Mixpanel", () => {
  it.each([200, 400])("is accepted when an empty import is answered with %d", async (status) => {
    const { sent, probe } = serverOf(Response.json({}, { status }));
    expect(await probeMixpanel(mixpanel, probe)).toEqual(passed);
    expect(sent).toEqual([{ url: "https://api-eu.mixpanel.com/import?strict=1", headers: expect.anything(), body: "[]" }]);
    expect(sent[0]?.headers.get("authorization")).toBe(`Basic ${btoa("token-secret:")}`);
  });

  it("is refused with 401", async () => {
    const { probe } = serverOf(Response.json({ error: "Invalid credentials" }, { status: 401 }));
    expect(await probeMixpanel(mixpanel, probe)).toMatchObject([{ outcome: "failed", code: "SINK_CREDENTIALS_REJECTED" }]);
  });
});

describe("a server", () => {
  it("that cannot be reached is said to be, without what the network said", async () => {
    const { probe } = serverOf(new Error("connect ECONNREFUSED 10.0.0.1"));
    expect(await probeMixpanel(mixpanel, probe)).toMatchObject([{ code: "SINK_UNAVAILABLE", message: "The server did not answer." }]);
  });

  it("that answers without end is read for its first characters only", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new TextEncoder().encode("x".repeat(100)));
      },
    });
    const { probe } = serverOf(new Response(endless, { status: 500 }));
    const [step] = await probePosthog(posthog, probe);
    expect(step?.message?.length).toBeLessThan(400);
    expect(pulled).toBeLessThan(10);
  });

  it("does not hold up a runner that stops", async () => {
    const stopping = new Error("stopping");
    const { probe } = serverOf(new Error("aborted"));
    await expect(probePosthog(posthog, { ...probe, signal: AbortSignal.abort(stopping) })).rejects.toBe(stopping);
  });
});
