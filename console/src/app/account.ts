/** Who is signed in, and what they may do in which project. */
import { getAccountOptions } from "../generated/@tanstack/react-query.gen.ts";
import type { Account } from "../generated/types.gen.ts";
import { queryClient } from "./query-client.ts";

export type Scope = ProjectAccess["scopes"][number];
export type { Account } from "../generated/types.gen.ts";

type Organization = Account["organizations"][number];
export type ProjectAccess = Organization["projects"][number] & { organization: Omit<Organization, "projects"> };

/** The account of this session, kept until the page is left. Throws an ApiError of status 401 where nobody is signed in. */
export const loadAccount = (): Promise<Account> =>
  queryClient.ensureQueryData({ ...getAccountOptions(), staleTime: Number.POSITIVE_INFINITY });

export const projectsOf = ({ organizations }: Account): ProjectAccess[] =>
  organizations.flatMap(({ projects, ...organization }) => projects.map((project) => ({ ...project, organization })));
