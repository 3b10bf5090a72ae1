/**
 * Declares a route with its responses. The route names its own error codes; those of its middleware are added here. There are five kinds:
 * for keys and members of a project, for event senders, for administrators, for people's own accounts, and for signing in.
 */
import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import type { Scope } from "../../core/auth/scopes.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { AppEnv } from "../deps.ts";
import { keyCodes, requireAdminCodes, requireScope, requireScopeCodes } from "../middleware/auth.ts";
import { burstCodes } from "../middleware/burst-limit.ts";
import { IdempotencyHeader, idempotent, idempotentCodes, idempotentSecretCodes } from "../middleware/idempotent.ts";
import { personCodes, projectCodes } from "../middleware/identify-session.ts";
import { jsonBodyCodes, readsJsonBody } from "../middleware/json-body.ts";
import { needsOrigin, originCodes } from "../middleware/own-origin.ts";
import { unforeseenCodes } from "../middleware/problem.ts";
import { showQuotas } from "../middleware/quota-fields.ts";
import { errorResponses } from "./error-responses.ts";

type Declared<Path extends string> = Omit<RouteConfig, "path" | "security" | "middleware"> & { path: Path };

const security: Record<string, string[]>[] = [{ basicAuth: [] }, { bearerAuth: [] }, { session: [], project: [] }];

/** Name of the field of the OpenAPI document that lists the scopes of an operation: a key needs one of them. */
const scopesExtension = "x-scopes";

/** Returns the scopes of a route declared by `keyRoute`; none for other routes. */
export const scopesOf = (route: object): readonly Scope[] => (scopesExtension in route ? (route[scopesExtension] as readonly Scope[]) : []);

/**
 * A creating route takes an Idempotency-Key. `object`: its answer is kept as it is. `secret`: the answer shows a secret, and is kept sealed.
 * Such a route does its work in one transaction, which also holds the key.
 */
type Creates = "object" | "secret";

type KeyRouteOptions = {
  scopes: readonly [Scope, ...Scope[]];
  codes: readonly ErrorCode[];
  creates?: Creates;
  /** True if it takes or shows quotas: each of its answers then has the fields RateLimit and RateLimit-Policy. */
  isMetered?: boolean;
  /** Runs after the scope is checked, outside the transaction of a creating route. */
  prepare?: MiddlewareHandler<AppEnv>;
};

/** Declares a route for API keys and roles with one of the scopes. The middleware reads its JSON body, if any. */
export const keyRoute = <Path extends string, Route extends Declared<Path>>(
  { scopes, codes, creates, isMetered = false, prepare }: KeyRouteOptions,
  route: Route,
) =>
  createRoute<Path, Route>({
    ...route,
    ...takingKey(route, creates),
    [scopesExtension]: scopes,
    security,
    middleware: [
      ...(isMetered ? [showQuotas()] : []),
      requireScope(...scopes),
      ...(prepare === undefined ? [] : [prepare]),
      ...idempotence(creates),
    ],
    responses: withErrors(route, [
      ...burstCodes,
      ...callerCodes(route),
      ...requireScopeCodes,
      ...inputCodes(route),
      ...idempotenceCodes(creates),
      ...codes,
    ]),
  });

/** Declares a route that authenticates its sender and reads its body itself, because a public key alone may write scores. */
export const senderRoute = <Path extends string, Route extends Declared<Path>>(codes: readonly ErrorCode[], route: Route) =>
  createRoute<Path, Route>({
    ...route,
    security,
    responses: withErrors(route, [...burstCodes, ...callerCodes(route), ...requireScopeCodes, ...codes]),
  });

/** Declares a route for holders of the admin key, and operators with a session. */
export const adminRoute = <Path extends string, Route extends Declared<Path>>(
  { codes, creates }: { codes: readonly ErrorCode[]; creates?: Creates },
  route: Route,
) =>
  createRoute<Path, Route>({
    ...route,
    ...takingKey(route, creates),
    security: [{ adminKey: [] }, { session: [] }],
    middleware: idempotence(creates),
    responses: withErrors(route, [
      ...requireAdminCodes,
      ...originCodesOf(route),
      ...inputCodes(route),
      ...idempotenceCodes(creates),
      ...codes,
    ]),
  });

/** Declares a route for a person's own account. It belongs to no project, and no key can call it. */
export const personRoute = <Path extends string, Route extends Declared<Path>>(codes: readonly ErrorCode[], route: Route) =>
  createRoute<Path, Route>({
    ...route,
    security: [{ session: [] }],
    responses: withErrors(route, [...burstCodes, ...personCodes, ...originCodesOf(route), ...inputCodes(route), ...codes]),
  });

/** Declares a route that signs in or out. Nobody has to be signed in to call it; it checks the origin itself. */
export const signInRoute = <Path extends string, Route extends Declared<Path>>(codes: readonly ErrorCode[], route: Route) =>
  createRoute<Path, Route>({
    ...route,
    security: [],
    responses: withErrors(route, [...burstCodes, ...originCodesOf(route), ...inputCodes(route), ...codes]),
  });

const originCodesOf = ({ method }: Pick<RouteConfig, "method">): readonly ErrorCode[] =>
  needsOrigin(method.toUpperCase()) ? originCodes : [];

const callerCodes = (route: Pick<RouteConfig, "method">): readonly ErrorCode[] => [...keyCodes, ...projectCodes, ...originCodesOf(route)];

/** Adds the header to the document. Its type stays out of the route's, because only the middleware reads it. */
const takingKey = ({ request }: Pick<RouteConfig, "request">, creates: Creates | undefined): Pick<RouteConfig, "request"> =>
  creates === undefined ? {} : { request: { ...request, headers: IdempotencyHeader } };

const idempotence = (creates: Creates | undefined): MiddlewareHandler<AppEnv>[] =>
  creates === undefined ? [] : [idempotent({ showsSecret: creates === "secret" })];

const idempotenceCodes = (creates: Creates | undefined): readonly ErrorCode[] =>
  creates === undefined ? [] : creates === "secret" ? idempotentSecretCodes : idempotentCodes;

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
