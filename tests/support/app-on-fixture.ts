/** The API in the test's own process, on the fixture's Postgres: for what only dependencies can provoke. */
import { createApp } from "../../api/app.ts";
import type { AppDeps } from "../../api/deps.ts";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import { noTracer } from "../../core/telemetry/tracer.ts";
import { openPostgres } from "../../db/postgres/client.ts";
import { type Fixture, newId } from "./fixture.ts";

/** The salt with which the fixture hashed its key. */
const fixtureSalt = "test-salt";

/** What each request uses before its route. A test adds what its route uses; anything else is missing, and fails as a missing function. */
export const createAppOnFixture = (fixture: Fixture, own: Partial<AppDeps>): ReturnType<typeof createApp> => {
  const deps: Partial<AppDeps> = {
    openDatabase: () => openPostgres(fixture.runnerEnv()["DATABASE_URL"] ?? "", { connectionsMax: 1 }),
    newId,
    nowMs: () => Date.now(),
    hashSecret: (secretKey) => hashSecret(secretKey, fixtureSalt),
    log: () => {},
    openTracer: () => noTracer,
    burst: null,
    operators: new Set<string>(),
    publicUrl: null,
    defaultPlan: "unlimited",
    keyring: null,
    ...own,
  };
  return createApp(deps as AppDeps);
};
