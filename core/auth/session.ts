/** Sessions of people: their tokens, how they begin, and how long they last. */
import { toBase64Url } from "../byte-text.ts";
import { sha256Hex } from "../sha256-hex.ts";

/** How a session began. */
export const sessionMethods = ["MAIL_LINK", "OIDC", "CONSOLE_LINK"] as const;
export type SessionMethod = (typeof sessionMethods)[number];

/** A session ends after this long without a request. */
export const sessionIdleDaysMax = 30;
/** A session ends after this long in any case. */
export const sessionDaysMax = 90;
/** How long a sign-in link works. */
export const signInLinkMinutes = 15;
/** How long an invitation can be accepted. */
export const invitationDays = 7;

/** Makes the token of a session or link: 256 random bits in base64url, which needs no escape in a URL or cookie. */
export const createToken = (randomBytes: (size: number) => Uint8Array): string => toBase64Url(randomBytes(32));

/** The stored form of a token. It has 256 random bits, so a fast hash without a salt suffices. */
export const hashToken = (token: string): Promise<string> => sha256Hex(token);
