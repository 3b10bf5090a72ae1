/** Refuses methods that a path has no route for, before authentication and before the body is read. */
import type { MiddlewareHandler } from "hono";
import { AppError } from "../../core/errors.ts";
import type { App, AppEnv } from "../deps.ts";
import { problemAnswer } from "./problem.ts";

/** Returns the methods a path has routes for, including HEAD if it has GET; an empty set for an unknown path. */
type MethodsOf = (path: string) => ReadonlySet<string>;

export const routeMethods = (app: App): MethodsOf => {
  let patterns: { method: string; pattern: RegExp }[] | undefined;
  return (path) => {
    // Built at the first request, when all routes are registered.
    patterns ??= app.routes.flatMap(({ method, path: route }) =>
      method === "ALL" ? [] : [{ method, pattern: new RegExp(`^${route.replaceAll(/:[^/]+/g, "[^/]+").replaceAll("*", ".*")}$`) }],
    );
    const methods = new Set(patterns.flatMap(({ method, pattern }) => (pattern.test(path) ? [method] : [])));
    return methods.has("GET") ? methods.add("HEAD") : methods;
  };
};

export const allowedMethods = (methodsOf: MethodsOf): MiddlewareHandler<AppEnv> =>
  async function allowedMethods(c, next) {
    const methods = methodsOf(c.req.path);
    if (methods.size === 0 || methods.has(c.req.method)) return next();
    c.header("allow", [...methods].toSorted().join(", "));
    return problemAnswer(c, new AppError({ code: "METHOD_NOT_ALLOWED" }));
  };
