/**
 * Sign-in at an OpenID provider: authorization code flow with PKCE, state and nonce, by oauth4webapi. The provider is the operator's, named in
 * the configuration; each call discovers it anew, so that rotated keys and moved endpoints count at once.
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  ClientSecretBasic,
  ClientSecretPost,
  type CustomFetchOptions,
  calculatePKCECodeChallenge,
  customFetch,
  discoveryRequest,
  getValidatedIdTokenClaims,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processUserInfoResponse,
  userInfoRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from "oauth4webapi";
import { z } from "zod";
import { isLoopbackUrl } from "../core/auth/loopback.ts";
import type { OidcSettings } from "../core/auth/oidc-env.ts";
import { toBase64Url } from "../core/byte-text.ts";
import { AppError } from "../core/errors.ts";
import { storableForm } from "../core/storable.ts";

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Who the provider says it is. `email`: null unless the provider vouches for it. */
export type OidcPerson = { issuer: string; subject: string; email: string | null; name: string | null };

export type OidcClient = {
  /** Shown on the button. */
  name: string;
  /** Address of the provider to send the browser to. Throws OIDC_FAILED. */
  start: (flow: OidcFlow) => Promise<URL>;
  /** `callback`: the address that the browser came back to, with its parameters. Throws OIDC_FAILED. */
  finish: (flow: OidcFlow, callback: URL) => Promise<OidcPerson>;
};

/** `secret`: random, kept in a cookie of the browser that began. State, nonce and verifier derive from it. */
export type OidcFlow = { secret: string; redirectUri: string };

/** Longest wait for each answer of the provider. */
const answerMsMax = 10_000;

export const createOidcClient = (settings: OidcSettings, fetch: Fetch): OidcClient => {
  const issuer = new URL(settings.issuer);
  const client: Client = { client_id: settings.clientId };
  const options = () => ({
    [customFetch]: (url: string, init: CustomFetchOptions<string, BodyInit | undefined>) =>
      fetch(url, { ...init, body: init.body ?? null }),
    [allowInsecureRequests]: isLoopbackUrl(settings.issuer),
    signal: AbortSignal.timeout(answerMsMax),
  });
  const discover = async (): Promise<AuthorizationServer> => processDiscoveryResponse(issuer, await discoveryRequest(issuer, options()));
  return {
    name: settings.name,
    start: (flow) =>
      orFailed(async () => {
        const server = await discover();
        if (server.authorization_endpoint === undefined) throw new Error("the provider names no authorization endpoint");
        const url = new URL(server.authorization_endpoint);
        const { state, nonce, verifier } = await partsOf(flow.secret);
        const parameters = {
          client_id: settings.clientId,
          response_type: "code",
          redirect_uri: flow.redirectUri,
          scope: settings.scope,
          state,
          nonce,
          code_challenge: await calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
        };
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
        return url;
      }),
    finish: (flow, callback) =>
      orFailed(async () => {
        const server = await discover();
        const { state, nonce, verifier } = await partsOf(flow.secret);
        const code = validateAuthResponse(server, client, callback, state);
        const secretOf = takesBasic(server) ? ClientSecretBasic : ClientSecretPost;
        const response = await authorizationCodeGrantRequest(
          server,
          client,
          secretOf(settings.clientSecret),
          code,
          flow.redirectUri,
          verifier,
          options(),
        );
        const tokens = await processAuthorizationCodeResponse(server, client, response, { expectedNonce: nonce, requireIdToken: true });
        await validateApplicationLevelSignature(server, response, options());
        const claims = getValidatedIdTokenClaims(tokens);
        if (claims === undefined) throw new Error("the provider sent no ID token");
        const hasEmail = claims["email"] !== undefined || server.userinfo_endpoint === undefined;
        // Many providers keep the address out of the ID token.
        const userInfo = hasEmail
          ? {}
          : await processUserInfoResponse(
              server,
              client,
              claims.sub,
              await userInfoRequest(server, client, tokens.access_token, options()),
            );
        return personOf({ ...userInfo, ...claims }, settings);
      }),
  };
};

/** RFC 8414: without the field, a provider takes client_secret_basic. */
const takesBasic = ({ token_endpoint_auth_methods_supported: methods }: AuthorizationServer): boolean =>
  methods === undefined || methods.includes("client_secret_basic");

/** One secret of the browser gives three values that say nothing about each other. */
const partsOf = async (secret: string): Promise<{ state: string; nonce: string; verifier: string }> => {
  const part = async (name: string): Promise<string> => {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${name}:${secret}`));
    return toBase64Url(new Uint8Array(bytes));
  };
  return { state: await part("state"), nonce: await part("nonce"), verifier: await part("verifier") };
};

/** Takes the address only if the provider vouches for it. Some, such as Amazon Cognito, write `email_verified` as a text. */
export const personOf = (claims: Record<string, unknown>, { trustsEmail }: Pick<OidcSettings, "trustsEmail">): OidcPerson => {
  const text = (name: string): string | null =>
    typeof claims[name] === "string" && claims[name] !== "" ? storableForm(claims[name]) : null;
  const said = claims["email_verified"];
  const isVouchedFor = said === true || said === "true" || (trustsEmail && (said === undefined || said === null));
  const email = z.email().max(320).safeParse(claims["email"]);
  return {
    issuer: text("iss") ?? "",
    subject: text("sub") ?? "",
    email: isVouchedFor && email.success ? email.data : null,
    name: text("name"),
  };
};

/** What the provider or the library said is for the log: it may hold parameters of the callback. */
const orFailed = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new AppError({ code: "OIDC_FAILED", detail: said, cause });
  }
};
