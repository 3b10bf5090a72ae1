/**
 * Declares a route with its responses. The route names its own error codes; those of its middleware are added here. There are three kinds:
 * for API keys, for event senders, and for administrators.
 */
import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import type { Scope } from "../../core/auth/scopes.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { keyCodes, requireAdminCodes, requireScope, requireScopeCodes } from "../middleware/auth.ts";
import { jsonBodyCodes, readsJsonBody } from "../middleware/json-body.ts";
import { unforeseenCodes } from "../middleware/problem.ts";
import { errorResponses } from "./error-responses.ts";

type Declared<Path extends string> = Omit<RouteConfig, "path" | "security" | "middleware"> & { path: Path };

const security: Record<string, string[]>[] = [{ basicAuth: [] }, { bearerAuth: [] }];

/** Declares a route for API keys with one of the scopes. The middleware reads its JSON body, if any. */
export const keyRoute = <Path extends string, Route extends Declared<Path>>(
  { scopes, codes }: { scopes: readonly [Scope, ...Scope[]]; codes: readonly ErrorCode[] },
  route: Route,
) =>
  createRoute<Path, Route>({
    ...route,
    security,
    middleware: [requireScope(...scopes)],
    responses: withErrors(route, [...keyCodes, ...requireScopeCodes, ...inputCodes(route), ...codes]),
  });

/** Declares a route that authenticates its sender and reads its body itself, because a public key alone may write scores. */
export const senderRoute = <Path extends string, Route extends Declared<Path>>(codes: readonly ErrorCode[], route: Route) =>
  createRoute<Path, Route>({ ...route, security, responses: withErrors(route, [...keyCodes, ...requireScopeCodes, ...codes]) });

/** Declares a route for holders of the admin key. */
export const adminRoute = <Path extends string, Route extends Declared<Path>>(codes: readonly ErrorCode[], route: Route) =>
  createRoute<Path, Route>({
    ...route,
    security: [{ adminKey: [] }],
    responses: withErrors(route, [...requireAdminCodes, ...inputCodes(route), ...codes]),
  });

const withErrors = ({ responses }: Pick<RouteConfig, "responses">, codes: readonly ErrorCode[]): RouteConfig["responses"] => ({
  ...responses,
  ...errorResponses([...codes, ...unforeseenCodes]),
});

/** Lists the error codes that middleware and validation use for the input of this route. */
const inputCodes = ({ method, request }: Pick<RouteConfig, "method" | "request">): readonly ErrorCode[] => [
  ...(readsJsonBody(method.toUpperCase()) ? jsonBodyCodes : []),
  ...(request?.query !== undefined || request?.headers !== undefined || canRefuse(request?.params) ? (["INVALID_REQUEST"] as const) : []),
];

/** Returns whether a path parameter can be invalid. Plain text cannot. */
const canRefuse = (params: unknown): boolean =>
  params instanceof z.ZodObject &&
  Object.values(params.shape).some((one) => !(one instanceof z.ZodString) || (one.def.checks?.length ?? 0) > 0);
