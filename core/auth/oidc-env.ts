/** Settings of a company's sign-in (OpenID Connect), under Langfuse's names. */
import { z } from "zod";
import { plainAddressProblem } from "./loopback.ts";

const text = z.string().trim().min(1);

export const oidcShape = {
  /** Issuer, as its discovery document names it. Unset: no sign-in by OpenID Connect. */
  AUTH_CUSTOM_ISSUER: z.url().optional(),
  AUTH_CUSTOM_CLIENT_ID: text.optional(),
  AUTH_CUSTOM_CLIENT_SECRET: text.optional(),
  /** Shown on the button. */
  AUTH_CUSTOM_NAME: text.default("Company account"),
  AUTH_CUSTOM_SCOPE: text.default("openid email profile"),
  /** Takes addresses of the provider as verified that it does not call unverified. */
  AUTH_CUSTOM_ALLOW_ACCOUNT_LINKING: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true"),
} as const;

const OidcEnv = z.object(oidcShape);

export type OidcSettings = { issuer: string; clientId: string; clientSecret: string; name: string; scope: string; trustsEmail: boolean };

/** Returns null without an issuer. The problems are checked by then. */
export const oidcSettings = (env: z.infer<typeof OidcEnv>): OidcSettings | null =>
  env.AUTH_CUSTOM_ISSUER === undefined
    ? null
    : {
        issuer: env.AUTH_CUSTOM_ISSUER,
        clientId: env.AUTH_CUSTOM_CLIENT_ID ?? "",
        clientSecret: env.AUTH_CUSTOM_CLIENT_SECRET ?? "",
        name: env.AUTH_CUSTOM_NAME,
        scope: env.AUTH_CUSTOM_SCOPE,
        trustsEmail: env.AUTH_CUSTOM_ALLOW_ACCOUNT_LINKING,
      };

export const oidcProblems = (env: z.infer<typeof OidcEnv>): string[] => {
  const { AUTH_CUSTOM_ISSUER: issuer } = env;
  if (issuer === undefined) return [];
  const plain = plainAddressProblem(issuer);
  return [
    ...(plain === undefined ? [] : [`AUTH_CUSTOM_ISSUER: ${plain}`]),
    ...(["AUTH_CUSTOM_CLIENT_ID", "AUTH_CUSTOM_CLIENT_SECRET"] as const)
      .filter((name) => env[name] === undefined)
      .map((name) => `${name}: needed because AUTH_CUSTOM_ISSUER is set`),
    ...(env.AUTH_CUSTOM_SCOPE.split(" ").includes("openid") ? [] : ["AUTH_CUSTOM_SCOPE: must name openid"]),
  ];
};
