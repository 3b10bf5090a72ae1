/** How much of a quota is used: in words, exactly, and as a bar. */
import { Badge } from "../../components/badge.tsx";
import { countText } from "../../components/quantity.ts";
import { Time } from "../../components/time.tsx";
import { isNearLimit, type Quota, quotaText, quotaWords, usedPercent } from "./quota-words.ts";
import "./quota-meter.css";

export const QuotaMeter = ({ quota }: { quota: Quota }) => {
  const { name, used, limit, left, renewsAt } = quota;
  const { title, counts, renews } = quotaWords[name];
  const isFull = limit !== null && used >= limit;
  return (
    <section className="quota panel" aria-label={title}>
      <div className="toolbar">
        <h2>{title}</h2>
        {isFull ? <Badge tone="danger">Used up</Badge> : isNearLimit(quota) ? <Badge tone="warning">Nearly used up</Badge> : null}
      </div>
      <p className="quota-used numeric">
        <strong title={countText(used)}>{quotaText(name, used)}</strong>{" "}
        <span className="muted" title={limit === null ? undefined : countText(limit)}>
          {limit === null ? "used, no limit" : `of ${quotaText(name, limit)}`}
        </span>
      </p>
      {limit === null ? null : (
        <meter
          className="meter"
          min={0}
          max={100}
          value={usedPercent(quota)}
          data-level={isFull ? "full" : isNearLimit(quota) ? "near" : "low"}
          aria-label={`${title}: ${countText(used)} of ${countText(limit)} used`}
        />
      )}
      <p className="muted">
        {counts}{" "}
        {limit === null ? null : renewsAt === null ? (
          `${renews} there is room again.`
        ) : (
          <>
            {countText(left ?? 0)} left. {renews} <Time at={renewsAt} form="relative" />.
          </>
        )}
      </p>
    </section>
  );
};
