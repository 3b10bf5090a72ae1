/**
 * Declares a route with the answers it can give. The route names its own error codes; those of the middleware it passes are added here.
 * Three kinds: for the holder of an API key, for senders of events, for the administrator.
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

/** A route for the holder of an API key with one of the scopes. Its JSON body, if any, is read by the middleware. */
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

/** A route that identifies its sender and reads its body by itself: a public key alone may write scores. */
export const senderRoute = <Path extends string, Route extends Declared<Path>>(codes: readonly ErrorCode[], route: Route) =>
  createRoute<Path, Route>({ ...route, security, responses: withErrors(route, [...keyCodes, ...requireScopeCodes, ...codes]) });

/** A route for the holder of the admin key. */
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

/** What middleware and validation refuse in the input of this route. */
const inputCodes = ({ method, request }: Pick<RouteConfig, "method" | "request">): readonly ErrorCode[] => [
  ...(readsJsonBody(method.toUpperCase()) ? jsonBodyCodes : []),
  ...(request?.query !== undefined || request?.headers !== undefined || canRefuse(request?.params) ? (["INVALID_REQUEST"] as const) : []),
];

/** Whether some parameter of the path can be wrong: a plain text cannot. */
const canRefuse = (params: unknown): boolean =>
  params instanceof z.ZodObject &&
  Object.values(params.shape).some((one) => !(one instanceof z.ZodString) || (one.def.checks?.length ?? 0) > 0);
