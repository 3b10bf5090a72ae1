/** Refuses methods a path has no route for, before anybody is authenticated and any body is read: what the request holds cannot matter. */
import type { MiddlewareHandler } from "hono";
import { AppError } from "../../core/errors.ts";
import type { App, AppEnv } from "../deps.ts";
import { problemAnswer } from "./problem.ts";

/** The methods a path has routes for, HEAD among them where it has GET; none: nobody knows the path. */
type MethodsOf = (path: string) => ReadonlySet<string>;

export const routeMethods = (app: App): MethodsOf => {
  let patterns: { method: string; pattern: RegExp }[] | undefined;
  return (path) => {
    // All routes are there once the first request comes.
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
