/** Registers the routes of API keys. */
import type { App } from "../../deps.ts";
import { registerCreateApiKey } from "./create.ts";
import type { KeyDeps } from "./deps.ts";
import { registerGetApiKey } from "./get.ts";
import { registerListApiKeys } from "./list.ts";
import { registerRevokeApiKey } from "./revoke.ts";
import { registerRotateApiKey } from "./rotate.ts";

export const registerApiKeys = (app: App, deps: KeyDeps): void => {
  registerCreateApiKey(app, deps);
  registerListApiKeys(app);
  registerGetApiKey(app);
  registerRevokeApiKey(app);
  registerRotateApiKey(app, deps);
};
