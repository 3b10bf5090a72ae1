/** Tables of people's accounts: sessions, sign-in links, invitations, and identities at a company's sign-in. */

import { sql } from "drizzle-orm";
import { check, index, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { roles } from "../../../core/auth/scopes.ts";
import { sessionMethods } from "../../../core/auth/session.ts";
import { at, createdAt } from "./columns.ts";
import { organizations, users } from "./tenants.ts";

/** A signed-in browser. Signing out deletes the row: a session that is gone cannot come back. */
export const sessions = pgTable(
  "sessions",
  {
    id: text().primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** hex SHA-256 of the token, which has 256 random bits and is in the cookie only. */
    tokenHash: text("token_hash").notNull().unique(),
    method: text({ enum: sessionMethods }).notNull(),
    createdAt: createdAt(),
    /** Written at most once a minute. */
    lastSeenAt: at("last_seen_at").notNull().defaultNow(),
    /** Its end, however often it is used. */
    expiresAt: at("expires_at").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
  },
  (t) => [
    index("sessions_user_id_idx").on(t.userId, t.createdAt),
    index("sessions_last_seen_at_idx").on(t.lastSeenAt),
    index("sessions_expires_at_idx").on(t.expiresAt),
  ],
);

/** Invites an address into an organisation. Accepting deletes the row. */
export const invitations = pgTable(
  "invitations",
  {
    id: text().primaryKey(),
    organizationId: text("org_id")
      .notNull()
      .references(() => organizations.id, { onDelete: "cascade" }),
    /** In lower case. */
    email: text().notNull(),
    role: text({ enum: roles }).notNull(),
    /** The member who invited; null if they are gone. */
    invitedBy: text("invited_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    sentAt: at("sent_at").notNull().defaultNow(),
    expiresAt: at("expires_at").notNull(),
  },
  (t) => [
    uniqueIndex("invitations_org_id_email_key").on(t.organizationId, t.email),
    index("invitations_email_idx").on(t.email),
    index("invitations_expires_at_idx").on(t.expiresAt),
  ],
);

/**
 * A request for a sign-in link, kept for known and unknown addresses alike. The runner makes the token when it sends the mail, and stores its
 * hash; a mail that is sent again has a new token.
 */
export const signInLinks = pgTable(
  "sign_in_links",
  {
    id: text().primaryKey(),
    /** As asked for, in lower case. */
    email: text().notNull(),
    /** Whom the link signs in: a user, or whoever accepts the invitation. Null until the mail is sent, and for unknown addresses. */
    userId: text("user_id").references(() => users.id, { onDelete: "cascade" }),
    invitationId: text("invitation_id").references(() => invitations.id, { onDelete: "cascade" }),
    /** hex SHA-256 of the token. */
    tokenHash: text("token_hash").unique(),
    /** Path of the console to go to after signing in. */
    next: text().notNull(),
    ipAddress: text("ip_address"),
    createdAt: createdAt(),
    expiresAt: at("expires_at").notNull(),
    usedAt: at("used_at"),
  },
  (t) => [
    index("sign_in_links_email_idx").on(t.email, t.createdAt),
    index("sign_in_links_ip_address_idx").on(t.ipAddress, t.createdAt),
    index("sign_in_links_expires_at_idx").on(t.expiresAt),
    check("sign_in_links_token_check", sql`token_hash is null or user_id is not null or invitation_id is not null`),
  ],
);

/** Who a user is at an OpenID provider. */
export const identities = pgTable(
  "identities",
  {
    issuer: text().notNull(),
    subject: text().notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.issuer, t.subject] }), index("identities_user_id_idx").on(t.userId)],
);
