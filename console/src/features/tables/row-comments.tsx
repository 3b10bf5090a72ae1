/** Comments on a row: a list, and a form for one more. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { refetchOperations } from "../../app/query-client.ts";
import { Button } from "../../components/button.tsx";
import { Field, TextArea } from "../../components/field.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { FailedNotice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { createCommentMutation, listCommentsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Comment, CreateComment } from "../../generated/types.gen.ts";
import { useIdempotencyKey } from "./use-idempotency-key.ts";

type CommentsProps = Pick<CreateComment, "objectType" | "objectId">;

export const RowComments = (of: CommentsProps) => {
  const query = useQuery(listCommentsOptions({ query: { ...of, limit: 100 } }));
  return (
    <>
      <CommentForm {...of} />
      <QueryView
        query={query}
        label="comments"
        loadingRows={2}
        isEmpty={({ data }) => data.length === 0}
        empty={<p className="muted">No comments yet.</p>}
      >
        {({ data }) => (
          <ul className="comments" aria-label="Comments">
            {data.map((comment) => (
              <Shown key={comment.id} {...comment} />
            ))}
          </ul>
        )}
      </QueryView>
    </>
  );
};

const Shown = ({ authorEmail, createdAt, content }: Comment) => (
  <li className="comment">
    <span className="muted">
      {authorEmail ?? "Someone who has left"} · <Time at={createdAt} form="relative" />
    </span>
    <span className="comment-text">
      <SafeText text={content} />
    </span>
  </li>
);

const CommentForm = (of: CommentsProps) => {
  const [content, setContent] = useState("");
  const { keyFor, forget } = useIdempotencyKey();
  const create = useMutation({
    ...createCommentMutation(),
    onSuccess: () => {
      forget();
      void refetchOperations("listComments");
    },
  });
  // What was typed while it was being sent stays.
  const onSuccess = () => setContent((current) => (current === content ? "" : current));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = { ...of, content };
    if (content.trim() !== "" && !create.isPending) create.mutate({ body, headers: { "idempotency-key": keyFor(body) } }, { onSuccess });
  };
  return (
    <form className="popover-form" onSubmit={submit}>
      <Field label="New comment">
        {(control) => <TextArea {...control} value={content} maxLength={20_000} onChange={(event) => setContent(event.target.value)} />}
      </Field>
      {create.error === null ? null : <FailedNotice error={create.error} />}
      <div className="popover-actions">
        <Button type="submit" isBusy={create.isPending} disabled={content.trim() === ""}>
          Comment
        </Button>
      </div>
    </form>
  );
};
