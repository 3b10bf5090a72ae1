/** The one way a page shows an answer: first load, failed, no right, empty, or the rows, which stay while they are asked for again. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Stale } from "./stale.ts";
import { Failed, FailedNotice, Loading } from "./states.tsx";

type QueryViewProps<Data> = {
  query: Pick<UseQueryResult<Data, unknown>, "data" | "error" | "isPending" | "isPlaceholderData" | "refetch">;
  /** Says in a screen reader what is on its way. */
  label: string;
  loadingRows?: number;
  isEmpty?: (data: Data) => boolean;
  /** In place of the rows: never any, or all filtered away. */
  empty?: ReactNode;
  children: (data: Data) => ReactNode;
};

export const QueryView = <Data,>({ query, label, loadingRows, isEmpty, empty, children }: QueryViewProps<Data>) => {
  const { data, error, isPlaceholderData, refetch } = query;
  const retry = () => void refetch();
  if (data === undefined)
    return error === null ? (
      <Loading label={`Loading ${label}`} {...(loadingRows === undefined ? {} : { rows: loadingRows })} />
    ) : (
      <Failed error={error} retry={retry} />
    );
  return (
    <>
      {error === null ? null : <FailedNotice error={error} retry={retry} />}
      <Stale value={isPlaceholderData}>{isEmpty?.(data) ? empty : children(data)}</Stale>
    </>
  );
};
