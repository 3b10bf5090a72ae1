/** Protects what a cookie allows from other sites: a request that changes something must come from a page of this origin. */
import type { Context } from "hono";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import type { AppEnv } from "../deps.ts";

/** Error codes of requests that change something with a cookie. */
export const originCodes = ["FOREIGN_ORIGIN"] as const satisfies readonly ErrorCode[];

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Returns whether requests with this method (upper case) must name their origin. */
export const needsOrigin = (method: string): boolean => !safeMethods.has(method);

/** Origin of the console: as configured, else that of the request. */
export const ownOrigin = (c: Context<AppEnv>, publicUrl: string | null): string => new URL(publicUrl ?? c.req.url).origin;

/** Browsers send Origin with every request that is not GET or HEAD; pages cannot change it. Throws FOREIGN_ORIGIN, also if it is missing. */
export const assertOwnOrigin = (c: Context<AppEnv>, publicUrl: string | null): void => {
  if (!needsOrigin(c.req.method)) return;
  const own = ownOrigin(c, publicUrl);
  if (c.req.header("origin") !== own)
    throw new AppError({ code: "FOREIGN_ORIGIN", message: `The request does not come from a page of ${own}.` });
};
