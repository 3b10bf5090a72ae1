/** Exports and webhook deliveries of the last days. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { DayPlot, type Series } from "../../components/day-plot.tsx";
import { bytesText, countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { getDeliveryStatisticsOptions, getExportStatisticsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { DeliveryStatistics, ExportStatistics } from "../../generated/types.gen.ts";
import { lastDays, sumByDay } from "./days.ts";
import { Panel } from "./panel.tsx";

const dayCount = 7;
const followMs = 60_000;

/** The days stay the same while the page is open. */
const useDays = (): number[] => useState(() => lastDays(Date.now(), dayCount))[0];
const periodOf = ([first = 0]: readonly number[]) => ({ query: { from: new Date(first).toISOString() } });

export const ExportThroughput = () => {
  const days = useDays();
  const query = useQuery({ ...getExportStatisticsOptions(periodOf(days)), placeholderData: keepPreviousData, refetchInterval: followMs });
  return (
    <Panel title="Exports">
      <QueryView query={query} label="counts of exports" loadingRows={4}>
        {({ buckets }) => <ExportPlot days={days} buckets={buckets} />}
      </QueryView>
    </Panel>
  );
};

const ExportPlot = ({ days, buckets }: { days: readonly number[]; buckets: ExportStatistics["buckets"] }) => {
  const series = useMemo(
    (): Series[] => [
      { title: "Completed", tone: "success", counts: sumByDay(days, buckets, ({ completed }) => completed) },
      { title: "Failed", tone: "danger", counts: sumByDay(days, buckets, ({ failed }) => failed) },
      { title: "Cancelled", tone: "neutral", counts: sumByDay(days, buckets, ({ cancelled }) => cancelled) },
      { title: "Under way", tone: "info", counts: sumByDay(days, buckets, ({ active }) => active) },
    ],
    [days, buckets],
  );
  const rows = buckets.reduce((sum, bucket) => sum + bucket.rows, 0);
  const bytes = buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
  return (
    <>
      <DayPlot label="Exports of the last 7 days by state" days={days} series={series} />
      <p className="muted numeric">
        {countText(rows)} rows in <span title={`${countText(bytes)} bytes`}>{bytesText(bytes)}</span> of files.
      </p>
    </>
  );
};

export const DeliveryHealth = () => {
  const days = useDays();
  const query = useQuery({ ...getDeliveryStatisticsOptions(periodOf(days)), placeholderData: keepPreviousData, refetchInterval: followMs });
  return (
    <Panel title="Webhook deliveries">
      <QueryView
        query={query}
        label="counts of deliveries"
        loadingRows={4}
        isEmpty={({ buckets }) => buckets.length === 0}
        empty={
          <p className="muted">
            Nothing was sent in the last {dayCount} days. Webhook endpoints are told when exports and integrations end.
          </p>
        }
      >
        {({ buckets }) => <DeliveryPlot days={days} buckets={buckets} />}
      </QueryView>
    </Panel>
  );
};

const DeliveryPlot = ({ days, buckets }: { days: readonly number[]; buckets: DeliveryStatistics["buckets"] }) => {
  const series = useMemo(
    (): Series[] => [
      { title: "Delivered", tone: "success", counts: sumByDay(days, buckets, ({ delivered }) => delivered) },
      { title: "Given up", tone: "danger", counts: sumByDay(days, buckets, ({ failed }) => failed) },
      { title: "Waiting", tone: "warning", counts: sumByDay(days, buckets, ({ waiting }) => waiting) },
    ],
    [days, buckets],
  );
  return <DayPlot label="Webhook deliveries of the last 7 days by outcome" days={days} series={series} />;
};
