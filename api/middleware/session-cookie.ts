/**
 * The cookie of a session. With https its name begins with `__Host-`, so that browsers take it only from this host, with Secure and for the
 * whole site: no other host of the domain can plant one.
 */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { sessionDaysMax } from "../../core/auth/session.ts";
import type { AppEnv } from "../deps.ts";
import { ownOrigin } from "./own-origin.ts";

export const secureSessionCookie = "__Host-spillway_session";
const plainSessionCookie = "spillway_session";

/** Lax: links from mails and other sites keep people signed in; forms and scripts of other sites send no cookie. */
const attributes = { httpOnly: true, sameSite: "Lax", path: "/" } as const;

const isSecure = (c: Context<AppEnv>, publicUrl: string | null): boolean => ownOrigin(c, publicUrl).startsWith("https:");
const nameOf = (c: Context<AppEnv>, publicUrl: string | null): string =>
  isSecure(c, publicUrl) ? secureSessionCookie : plainSessionCookie;

/** Returns the token; undefined without a cookie. */
export const readSessionCookie = (c: Context<AppEnv>, publicUrl: string | null): string | undefined => {
  const token = getCookie(c, nameOf(c, publicUrl));
  return token === "" ? undefined : token;
};

export const setSessionCookie = (c: Context<AppEnv>, publicUrl: string | null, token: string): void =>
  setCookie(c, nameOf(c, publicUrl), token, { ...attributes, secure: isSecure(c, publicUrl), maxAge: sessionDaysMax * 86_400 });

export const clearSessionCookie = (c: Context<AppEnv>, publicUrl: string | null): void => {
  deleteCookie(c, nameOf(c, publicUrl), { ...attributes, secure: isSecure(c, publicUrl) });
};
