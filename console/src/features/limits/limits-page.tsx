/** What the project has used of its quotas, and how many requests a key may send. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Badge } from "../../components/badge.tsx";
import { Page } from "../../components/page.tsx";
import { countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { getLimitsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Limits } from "../../generated/types.gen.ts";
import { QuotaMeter } from "./quota-meter.tsx";

const followMs = 15_000;

const planTitles: Record<Limits["plan"], string> = { unlimited: "Unlimited", hobby: "Hobby", pro: "Pro", enterprise: "Enterprise" };

export const LimitsPage = () => {
  const query = useQuery({ ...getLimitsOptions(), placeholderData: keepPreviousData, refetchInterval: followMs });
  return (
    <Page title="Limits" beside={query.data === undefined ? null : <Badge isPlain>{planTitles[query.data.plan]} plan</Badge>}>
      <QueryView query={query} label="the limits" loadingRows={4}>
        {({ quotas, burst }) => (
          <>
            <p className="muted">
              An export is counted when it is created. One that would not fit is refused, and says when it would. Your operator changes the
              plan and its limits.
            </p>
            <div className="quotas">
              {quotas.map((quota) => (
                <QuotaMeter key={quota.name} quota={quota} />
              ))}
            </div>
            <section className="panel" aria-labelledby="burst">
              <div className="panel-header">
                <h2 id="burst">Requests</h2>
              </div>
              <div className="panel-body">
                {burst === null ? (
                  <p>This installation does not limit how fast a key sends requests.</p>
                ) : (
                  <p>
                    At most <strong className="numeric">{countText(burst.requests)}</strong> requests in{" "}
                    <strong className="numeric">{countText(burst.seconds)}</strong> seconds for each API key, counted for each location of
                    the edge. What is left is not known; a refused request says when to come again.
                  </p>
                )}
              </div>
            </section>
          </>
        )}
      </QueryView>
    </Page>
  );
};
