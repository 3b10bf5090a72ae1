/** The fields RateLimit and RateLimit-Policy on every answer of a route that takes quotas, also on refusals. */
import type { MiddlewareHandler } from "hono";
import { quotaFields } from "../../core/limits/rate-limit-fields.ts";
import { readQuotas } from "../../services/limits/read-quotas.ts";
import type { AppEnv } from "../deps.ts";

/** Uses the quotas that the route has set, else reads them. A project without limits gets no fields. */
export const showQuotas = (): MiddlewareHandler<AppEnv> =>
  async function showQuotas(c, next) {
    await next();
    // A project without limits costs no query. The database may be what failed.
    if (c.res.status >= 500 || Object.values(c.get("quotaLimits")).every((limit) => limit === null)) return;
    const status = c.get("quotas") ?? (await readQuotas(c.get("db"), c.get("actor").projectId, c.get("defaultPlan")));
    const { policy, limit } = quotaFields(status);
    for (const item of policy) c.header("ratelimit-policy", item, { append: true });
    for (const item of limit) c.header("ratelimit", item, { append: true });
  };
