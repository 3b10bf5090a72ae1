/** What each role may do, in words, and who may give it to whom: the API's rules, for showing what it would refuse. */
import type { Member } from "../../generated/types.gen.ts";

export type Role = Member["role"];

export const roleTitles: Record<Role, string> = { OWNER: "Owner", ADMIN: "Admin", MEMBER: "Member", VIEWER: "Viewer" };

export const roleAllows: Record<Role, string> = {
  OWNER: "Everything, and makes others owners.",
  ADMIN: "Everything but owners.",
  MEMBER: "Sends and reads data, exports, comments, manages models.",
  VIEWER: "Reads data.",
};

const roles = ["OWNER", "ADMIN", "MEMBER", "VIEWER"] as const;

/** Only owners make owners. */
export const rolesToGive = (mine: Role): readonly Role[] => (mine === "OWNER" ? roles : roles.filter((role) => role !== "OWNER"));

/** Why the API would refuse a change of this member, as a sentence; null if it would not. */
export const reasonAgainstChange = (
  member: Pick<Member, "role" | "userId">,
  mine: Role,
  members: readonly Pick<Member, "role">[],
): string | null => {
  if (member.role !== "OWNER") return null;
  if (mine !== "OWNER") return "Only owners change owners.";
  return members.filter(({ role }) => role === "OWNER").length > 1 ? null : "The last owner stays: make somebody else an owner first.";
};
