/** The local PostHog and Mixpanel as processes: they keep what they got over a restart. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startMixpanel } from "../../local/mixpanel/start.ts";
import { startPostHog } from "../../local/posthog/start.ts";

const properties = { time: Date.UTC(2026, 0, 1), distinct_id: "jo", $insert_id: "a-1" };

it.each([
  [
    "PostHog",
    startPostHog,
    "/batch/",
    (api_key: string) => ({ api_key, batch: [{ event: "e", distinct_id: "jo", timestamp: "2026-01-01T00:00:00Z" }] }),
  ],
  ["Mixpanel", startMixpanel, "/import?strict=1", () => [{ event: "e", properties }]],
] as const)("%s lists what it got, each event once, also after a restart", async (_, start, path, bodyOf) => {
  const dataDir = mkdtempSync(join(tmpdir(), "analytics-"));
  const options = { dataDir, logFile: join(dataDir, "log") };
  const received = async (url: string) =>
    (await (await fetch(`${url}/received`)).json()) as { deliveries: number; events: { event: string }[] };
  const first = await start(options);
  const headers = { "content-type": "application/json", authorization: `Basic ${btoa(`${first.projectToken}:`)}` };
  for (let times = 0; times < 2; times++)
    expect((await fetch(first.url + path, { method: "POST", headers, body: JSON.stringify(bodyOf(first.projectToken)) })).status).toBe(200);
  expect(await received(first.url)).toMatchObject({ deliveries: 2, events: [{ event: "e" }] });
  await first.stop();
  const second = await start(options);
  const { deliveries, events } = await received(second.url);
  expect([deliveries, events.length]).toEqual([2, 1]);
  await second.stop();
});
