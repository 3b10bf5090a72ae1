/** Stage 1, request: builds the app from middleware and the routes of each resource. Takes everything it needs from `deps`. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "../core/errors.ts";
import { FilterCondition } from "../core/query/filters/filter-condition.ts";
import type { App, AppDeps, AppEnv, RouteDeps } from "./deps.ts";
import { allowedMethods, routeMethods } from "./middleware/allowed-methods.ts";
import { authenticate, identifyBy, identifyKey, requireAdmin } from "./middleware/auth.ts";
import { addressOf, limitBursts, senderOf } from "./middleware/burst-limit.ts";
import { authenticatePerson, identifyPerson } from "./middleware/identify-session.ts";
import { jsonBody } from "./middleware/json-body.ts";
import { fieldErrors, logProblem, problemAnswer, requestError } from "./middleware/problem.ts";
import { requestFrame } from "./middleware/request-frame.ts";
import { requestPath } from "./middleware/request-path.ts";
import { secureSessionCookie } from "./middleware/session-cookie.ts";
import { isOfPerson, registerAccount } from "./routes/account/index.ts";
import { registerAdmin } from "./routes/admin/index.ts";
import { registerApiKeys } from "./routes/api-keys/index.ts";
import { registerAuditLogs } from "./routes/audit-logs/index.ts";
import { registerBatchExports } from "./routes/batch-exports/index.ts";
import { registerComments } from "./routes/comments/index.ts";
import { registerExportTables } from "./routes/export-tables/index.ts";
import { registerDeleteScore } from "./routes/ingestion/delete-score.ts";
import { registerDeleteTraces } from "./routes/ingestion/delete-traces.ts";
import { isIngestion, registerIngestion } from "./routes/ingestion/index.ts";
import { registerIntegrations } from "./routes/integrations/index.ts";
import { registerLimits } from "./routes/limits/index.ts";
import { registerMcp } from "./routes/mcp/index.ts";
import { registerMembers } from "./routes/members/index.ts";
import { registerModels } from "./routes/models/index.ts";
import { registerObservations } from "./routes/observations/index.ts";
import { registerProjects } from "./routes/projects/index.ts";
import { registerScores } from "./routes/scores/index.ts";
import { registerSessions } from "./routes/sessions/index.ts";
import { registerSignIn } from "./routes/sign-in/index.ts";
import { registerStatistics } from "./routes/statistics/index.ts";
import { consolePage } from "./routes/system/console.ts";
import { openPaths, registerSystem } from "./routes/system/index.ts";
import { registerTraces } from "./routes/traces/index.ts";
import { registerWebhooks } from "./routes/webhooks/index.ts";

export const createApp = ({ adminApiKey, ...given }: AppDeps): App => {
  const byKey = identifyKey(given.hashSecret);
  const deps: RouteDeps = { ...given, identify: identifyBy(byKey, identifyPerson(given)), identifyKey: byKey };
  const app = new OpenAPIHono<AppEnv>({
    getPath: requestPath,
    defaultHook: (result) => {
      if (!result.success) throw new AppError({ code: "INVALID_REQUEST", fields: fieldErrors(result.error.issues) });
    },
  });
  app.use(requestFrame(deps));
  app.onError((error, c) => {
    const known = requestError(error);
    logProblem(c, deps, known, error);
    return problemAnswer(c, known);
  });
  app.notFound(async (c) => (await consolePage(c, deps)) ?? problemAnswer(c, new AppError({ code: "ROUTE_NOT_FOUND" })));
  const methodsOf = routeMethods(app);
  app.use(allowedMethods(methodsOf));

  const burstLimit = limitBursts(deps, {
    bucket: (request) => (isIngestion(request) ? "ingestion" : "api"),
    sender: senderOf(deps.publicUrl),
  });
  app.use("/api/public/*", (c, next) => (openPaths.has(c.req.path) ? next() : burstLimit(c, next)));
  // Whoever signs in has no session yet, and can make up as many cookies and headers as they like.
  app.use("/api/auth/*", limitBursts(deps, { bucket: () => "sign-in", sender: addressOf }));
  const publicAuth = authenticate(deps.identify);
  const personAuth = authenticatePerson(deps);
  app.use("/api/public/*", (c, next) => {
    if (openPaths.has(c.req.path) || isIngestion(c.req) || methodsOf(c.req.path).size === 0) return next();
    return isOfPerson(c.req.path) ? personAuth(c, next) : publicAuth(c, next);
  });
  app.use("/api/admin/*", requireAdmin({ ...deps, adminApiKey }));
  registerIngestion(app, deps);
  app.use(jsonBody());
  registerBatchExports(app, deps);
  registerExportTables(app, deps);
  registerTraces(app, deps);
  registerObservations(app, deps);
  registerScores(app, deps);
  registerSessions(app, deps);
  registerComments(app, deps);
  registerModels(app, deps);
  registerStatistics(app, deps);
  registerIntegrations(app, deps);
  registerWebhooks(app, deps);
  registerProjects(app);
  registerApiKeys(app, deps);
  registerLimits(app, deps);
  registerDeleteTraces(app, deps);
  registerDeleteScore(app, deps);
  registerAuditLogs(app);
  registerMembers(app, deps);
  registerAccount(app, deps);
  registerSignIn(app, deps);
  registerAdmin(app, deps);
  registerSystem(app, deps);
  app.openAPIRegistry.register("FilterCondition", FilterCondition.clone());
  registerMcp(app, deps);
  app.openAPIRegistry.registerComponent("securitySchemes", "basicAuth", {
    type: "http",
    scheme: "basic",
    description: "publicKey:secretKey",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearerAuth", { type: "http", scheme: "bearer", description: "secretKey" });
  app.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: secureSessionCookie,
    description:
      "Session of a person in the console. Requests that change something also need the header Origin of the console, which browsers send.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "project", {
    type: "apiKey",
    in: "header",
    name: "X-Spillway-Project",
    description: "With a session: id of the project that the request is about. A key names its own project.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "adminKey", { type: "http", scheme: "bearer", description: "ADMIN_API_KEY" });
  return app;
};
