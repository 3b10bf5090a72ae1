/** An OpenID provider on this machine: the certified one of the package oidc-provider, whose people sign in without a page. */
import { createServer } from "node:http";
import Provider from "oidc-provider";

export type ProviderPerson = { subject: string; email?: string; emailVerified?: boolean; name?: string };

export type OpenIdProvider = {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Who signs in next. */
  become: (person: ProviderPerson) => void;
  stop: () => Promise<void>;
};

/** `redirectUri`: the only address that the provider sends browsers back to. `port`: a free one. */
export const startOpenIdProvider = async ({ port, redirectUri }: { port: number; redirectUri: string }): Promise<OpenIdProvider> => {
  const issuer = `http://127.0.0.1:${port}`;
  const [clientId, clientSecret] = ["spillway", "provider-secret-of-a-test-that-is-long-enough"];
  const people = new Map<string, ProviderPerson>();
  let present: ProviderPerson = { subject: "nobody" };
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    findAccount: (_context, subject) => {
      const { email, emailVerified, name } = people.get(subject) ?? { subject };
      return {
        accountId: subject,
        claims: () => ({
          sub: subject,
          ...(email === undefined ? {} : { email }),
          ...(emailVerified === undefined ? {} : { email_verified: emailVerified }),
          ...(name === undefined ? {} : { name }),
        }),
      };
    },
    // Nobody is asked for consent.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({ clientId, accountId: oidc.session?.accountId ?? "" });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  const server = createServer((request, response) => {
    if (!request.url?.startsWith("/interaction/")) return void callback(request, response);
    provider.interactionFinished(request, response, { login: { accountId: present.subject } }).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    issuer,
    clientId,
    clientSecret,
    become: (person) => {
      people.set(person.subject, person);
      present = person;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
