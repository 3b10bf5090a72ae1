/**
 * PostHog and Mixpanel as destinations: the rows of a window are read slice by slice, mapped to events and sent in batches, each acknowledged
 * before the next. What is refused is kept with its reason.
 */
import { AppError } from "../../core/errors.ts";
import { type AnalyticsTable, analyticsSource, analyticsTables } from "../../core/integrations/analytics/analytics-tables.ts";
import { eventIdOf } from "../../core/integrations/analytics/event-ids.ts";
import type { AnalyticsEvent } from "../../core/integrations/analytics/map-to-analytics-event.ts";
import type { Mapped, Rejection } from "../../core/integrations/analytics/sink-event.ts";
import { toMixpanelEvent } from "../../core/integrations/analytics/to-mixpanel-event.ts";
import { toPostHogEvent } from "../../core/integrations/analytics/to-posthog-event.ts";
import { MixpanelSecret, MixpanelSettings } from "../../core/integrations/kinds/mixpanel.ts";
import { PosthogSecret, PosthogSettings } from "../../core/integrations/kinds/posthog.ts";
import type { TableResult } from "../../core/integrations/run-result.ts";
import { beginRejections, keepRejections, settleRejections } from "../../services/integrations/keep-rejections.ts";
import { sendTable } from "../transfer/send-table.ts";
import type { EventSink } from "../transfer/sinks/event-sink.ts";
import { createMixpanelSink } from "../transfer/sinks/mixpanel-sink.ts";
import { createPostHogSink } from "../transfer/sinks/posthog-sink.ts";
import { openSource } from "../transfer/source/open-source.ts";
import type { Destination } from "./destination.ts";
import type { Delivery, IntegrationDeps } from "./integration-deps.ts";

type Product<Body> = {
  name: "posthog" | "mixpanel";
  sink: EventSink<Body>;
  toEvent: (event: AnalyticsEvent, options: { nowMs: number }) => Mapped<Body>;
};

export const openPostHog = (deps: IntegrationDeps, delivery: Delivery): Destination => {
  const { hostName } = PosthogSettings.parse(delivery.integration.settings);
  const { projectApiKey } = PosthogSecret.parse(delivery.secret);
  const sink = createPostHogSink(
    { host: hostName, projectToken: projectApiKey },
    { fetch: deps.guardedFetch, clock: deps.clock, random: deps.random, newUuid: () => crypto.randomUUID() },
  );
  return openAnalytics(deps, delivery, { name: "posthog", sink, toEvent: toPostHogEvent });
};

export const openMixpanel = (deps: IntegrationDeps, delivery: Delivery): Destination => {
  const { region } = MixpanelSettings.parse(delivery.integration.settings);
  const { projectToken } = MixpanelSecret.parse(delivery.secret);
  const sink = createMixpanelSink(
    { region, projectToken },
    {
      ...{ fetch: deps.guardedFetch, clock: deps.clock, random: deps.random },
      ...(deps.integrations.mixpanelUrl === null ? {} : { baseUrl: deps.integrations.mixpanelUrl }),
    },
  );
  return openAnalytics(deps, delivery, { name: "mixpanel", sink, toEvent: toMixpanelEvent });
};

const openAnalytics = <Body>(deps: IntegrationDeps, delivery: Delivery, product: Product<Body>): Destination => ({
  tables: delivery.integration.tables,
  deliverTable: (table) => deliverTable(deps, delivery, product, analyticsTable(table)),
  finish: () => Promise.resolve({ manifestKey: null, contentHash: null }),
});

const isAnalyticsTable = (name: string): name is AnalyticsTable => Object.hasOwn(analyticsTables, name);
const analyticsTable = (name: string): AnalyticsTable => {
  if (isAnalyticsTable(name)) return name;
  throw new AppError({ code: "INTEGRATION_SETTINGS_INVALID", detail: `no table is named ${name}` });
};

const deliverTable = async <Body>(
  deps: IntegrationDeps,
  delivery: Delivery,
  { name, sink, toEvent }: Product<Body>,
  table: AnalyticsTable,
): Promise<TableResult> => {
  const { integration, run, context, queryId } = delivery;
  const { projectId, projectName } = integration;
  const source = await openSource(deps, {
    ...analyticsSource(table),
    projectId,
    window: { axis: "writeTime", start: run.windowStart, end: run.windowEnd },
    queryId: `${queryId}-${table}`,
    signal: context.signal,
    known: null,
    isWhole: false,
  });
  const lease = { id: context.job.id, leaseId: context.job.leaseId };
  const startedAt = await beginRejections(deps.db);
  const onRejected = (rejections: readonly Rejection[]) =>
    keepRejections(
      deps.db,
      lease,
      { integrationId: integration.id, runId: run.id, table },
      rejections.map(({ event, ...why }) => ({ ...why, rowId: event.rowId, eventId: eventIdOf(name, projectId, event.rowId) })),
    );
  const { sent, accepted, rejected, bytes } = await sendTable(
    { ...deps, slicesAhead: deps.settings.slicesAhead },
    {
      ...{ table, source, sink, map: toEvent, onRejected },
      context: { projectId, projectName, baseUrl: deps.publicUrl },
      signal: context.signal,
    },
  );
  if (sent !== accepted + rejected)
    throw new AppError({ code: "INTERNAL", detail: `sent ${sent}, accepted ${accepted}, rejected ${rejected}` });
  await settleRejections(deps.db, { runId: run.id, table }, startedAt);
  return { rows: sent, bytes, files: [], columns: [], sent, accepted, rejected };
};
