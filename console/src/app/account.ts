/** Who is signed in, and what they may do in which project. */
import { listProjects } from "../generated/sdk.gen.ts";
import { queryClient } from "./query-client.ts";

export type ProjectAccess = { id: string; name: string; organization: string; role: string | null; scopes: readonly string[] | null };
export type Account = { email: string | null; isOperator: boolean; projects: readonly ProjectAccess[] };

/** The account of this session, kept until the page is left. Throws an ApiError of status 401 where nobody is signed in. */
export const loadAccount = (): Promise<Account> =>
  queryClient.ensureQueryData({
    queryKey: ["account"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<Account> => {
      const { data } = await listProjects({ throwOnError: true });
      const projects = data.data.map(({ id, name, organization }) => ({
        id,
        name,
        organization: organization.name,
        role: null,
        scopes: null,
      }));
      return { email: null, isOperator: false, projects };
    },
  });
