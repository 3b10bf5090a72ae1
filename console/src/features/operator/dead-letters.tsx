/** Accepted jobs that have used up their attempts. Retrying starts one again with all of them. */

import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { refetchOperations } from "../../app/query-client.ts";
import { Button } from "../../components/button.tsx";
import { Pager } from "../../components/pager.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { toast, toastFailure } from "../../components/toast.tsx";
import { adminListDeadLettersOptions, adminRetryJobMutation } from "../../generated/@tanstack/react-query.gen.ts";
import type { DeadLetter } from "../../generated/types.gen.ts";

const route = getRouteApi("/projects/$projectId/operator");
const pageSize = 25;
const followMs = 15_000;

export const DeadLetters = () => {
  const { cursor } = route.useSearch();
  const query = useQuery({
    ...adminListDeadLettersOptions({ query: { limit: pageSize, ...(cursor && { cursor }) } }),
    placeholderData: keepPreviousData,
    refetchInterval: followMs,
  });
  return (
    <QueryView
      query={query}
      label="dead letters"
      loadingRows={3}
      isEmpty={({ data }) => data.length === 0}
      empty={
        cursor === undefined ? (
          <p className="muted">None. Everything that was accepted has been done, or is under way.</p>
        ) : (
          <Empty title="No dead letter on this page" />
        )
      }
    >
      {({ data, nextCursor }) => (
        <>
          <Table label="Dead letters" columns={columns} rows={data} rowKey={({ id }) => id} />
          <Pager
            cursor={cursor}
            nextCursor={nextCursor}
            shown={data.length === 1 ? "1 dead letter" : `${data.length} dead letters on this page`}
          />
        </>
      )}
    </QueryView>
  );
};

const columns: Column<DeadLetter>[] = [
  { id: "kind", title: "Kind", cell: ({ kind }) => <span className="mono">{kind}</span> },
  {
    id: "about",
    title: "About",
    className: "dead-letter",
    cell: ({ entity, projectId }) => (
      <>
        <span className="truncate mono" title={entity}>
          <SafeText text={entity} isLine />
        </span>
        <span className="truncate muted mono">{projectId}</span>
      </>
    ),
  },
  {
    id: "error",
    title: "Last error",
    className: "dead-letter",
    cell: ({ code, message }) => (
      <>
        <span className="mono">{code ?? "–"}</span>
        {message === null ? null : (
          <span className="truncate muted">
            <SafeText text={message} isLine />
          </span>
        )}
      </>
    ),
  },
  { id: "when", title: "Given up", cell: ({ finishedAt }) => <Time at={finishedAt} form="relative" /> },
  { id: "action", title: "Action", isTitleHidden: true, align: "end", cell: (job) => <Retry {...job} /> },
];

const Retry = ({ id, kind }: DeadLetter) => {
  const retry = useMutation({
    ...adminRetryJobMutation(),
    onError: toastFailure,
    onSuccess: () => {
      toast("The job is in the queue again, with all of its attempts.");
      void refetchOperations("adminGetQueue", "adminListDeadLetters");
    },
  });
  return (
    <Button
      size="small"
      icon="retry"
      isBusy={retry.isPending}
      aria-label={`Retry ${kind} ${id}`}
      onClick={() => retry.mutate({ path: { id } })}
    >
      Retry
    </Button>
  );
};
