/** Preflight: whether people can sign in. Asks the OpenID provider for its endpoints, and signs nobody in. */
import { createOidcClient } from "../../../api/oidc-client.ts";
import { AppError } from "../../../core/errors.ts";
import { type CheckResult, failed, ok, runCheck, skipped, warning } from "./check-result.ts";
import type { PreflightTarget, ProcessName } from "./preflight-target.ts";

type Target = Pick<PreflightTarget, "api" | "mail">;

/** Only the Worker signs people in; mails with links are sent by the runner. */
export const checkSignIn = async ({ api, mail }: Target, processes: readonly ProcessName[]): Promise<CheckResult[]> => {
  if (api === null) return [];
  if (api.publicUrl === null && api.oidc === null)
    return [skipped("sign-in", "SPILLWAY_PUBLIC_URL and AUTH_CUSTOM_ISSUER are not set: nobody can sign in to the console.")];
  return [
    ...(api.publicUrl !== null && processes.includes("runner") ? [linkResult(mail)] : []),
    ...(api.oidc === null ? [] : [await checkProvider(api.oidc)]),
  ];
};

const linkResult = (mail: Target["mail"]): CheckResult =>
  mail === null
    ? warning(
        "sign-in: mail links",
        "Links are offered, and no mail is sent.",
        "Set SMTP_CONNECTION_URL and EMAIL_FROM_ADDRESS for the runner.",
      )
    : ok("sign-in: mail links", "Links are sent by mail.");

const checkProvider = (settings: Parameters<typeof createOidcClient>[0]): Promise<CheckResult> =>
  runCheck("sign-in: provider", async () => {
    const client = createOidcClient(settings, (url, init) => fetch(url, init));
    try {
      await client.start({ secret: "preflight", redirectUri: "https://spillway.invalid" });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return failed(
        "sign-in: provider",
        "The provider has no valid discovery document at this issuer.",
        "Correct AUTH_CUSTOM_ISSUER: ISSUER/.well-known/openid-configuration must answer, and name the same issuer.",
      );
    }
    return ok("sign-in: provider", "The provider answers. Its client is tried when the first person signs in.");
  });
