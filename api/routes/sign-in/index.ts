/** Registers the routes that sign people in and out. */
import type { App } from "../../deps.ts";
import type { SignInRouteDeps } from "./deps.ts";
import { registerMailLink } from "./mail-link.ts";
import { registerSignInMethods } from "./methods.ts";
import { registerOidc } from "./oidc.ts";
import { registerSignOut } from "./sign-out.ts";
import { registerVerify } from "./verify.ts";

export const registerSignIn = (app: App, deps: SignInRouteDeps): void => {
  registerSignInMethods(app, deps);
  registerMailLink(app, deps);
  registerVerify(app, deps);
  registerOidc(app, deps);
  registerSignOut(app, deps);
};
