/** Every model of the project: some hundred at most, so that a search looks at all of them and answers while people type. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { listModelsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Model } from "../../generated/types.gen.ts";

const limit = 100;

export const useAllModels = () => {
  const first = useQuery(listModelsOptions({ query: { page: 1, limit } }));
  const pages = Math.max(0, (first.data?.meta.totalPages ?? 1) - 1);
  const rest = useQueries({
    queries: Array.from({ length: pages }, (_, index) => listModelsOptions({ query: { page: index + 2, limit } })),
    combine: (answers) => ({
      rows: answers.every(({ data }) => data !== undefined) ? answers.flatMap(({ data }) => data?.data ?? []) : undefined,
      error: answers.find(({ error }) => error !== null)?.error ?? null,
      refetch: () => Promise.all(answers.map((answer) => answer.refetch())),
    }),
  });
  const data: Model[] | undefined = first.data === undefined || rest.rows === undefined ? undefined : [...first.data.data, ...rest.rows];
  return {
    data,
    error: first.error ?? rest.error,
    isPending: data === undefined,
    isPlaceholderData: false,
    refetch: (async () => {
      await rest.refetch();
      return first.refetch();
    }) as never,
  };
};
