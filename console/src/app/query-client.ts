/** The cache of answers. Failed reads are asked for again only where that may help. */
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api-error.ts";
import { leaveToSignIn } from "./sign-in-address.ts";

/** Refusals stay refusals; an answer 503 or none at all may be better in a moment. */
const mayHelp = (error: unknown): boolean => error instanceof ApiError && (error.facts.status === null || error.facts.status === 503);

/** A session that has ended shows in any answer. The first read of the account is the router's: nobody was signed in. */
const onError = (error: unknown): void => {
  const isOver = error instanceof ApiError && error.facts.status === 401;
  if (
    isOver &&
    queryClient.getQueriesData({ predicate: ({ queryKey }) => operationOf(queryKey) === "getAccount" }).some(([, data]) => data)
  )
    leaveToSignIn();
};

/** What is followed closely is asked for this seldom while it fails: a thing that is gone does not come back, and a limit is not reached again. */
export const failedMs = 15_000;

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (failures, error) => failures < 2 && mayHelp(error), throwOnError: false },
    mutations: { retry: false },
  },
});

/** Asks again for every shown answer of these operations, such as `listBatchExports`; forgets those that are not shown. */
export const refetchOperations = (...operations: readonly string[]): Promise<void> =>
  queryClient.invalidateQueries({ predicate: ({ queryKey }) => operations.includes(operationOf(queryKey)) });

export const isOfOperation = (operation: string, queryKey: readonly unknown[]): boolean => operationOf(queryKey) === operation;

const operationOf = ([first]: readonly unknown[]): string =>
  typeof first === "object" && first !== null && "_id" in first ? String(first._id) : "";
