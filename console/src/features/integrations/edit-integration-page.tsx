/** Changes an integration and tests it. What is typed is a draft: refetches never change it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { fieldErrorsOf } from "../../app/field-errors.ts";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Icon } from "../../components/icon.tsx";
import { Page } from "../../components/page.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { FailedNotice, NoRight, Notice } from "../../components/states.tsx";
import { toast } from "../../components/toast.tsx";
import { getIntegrationOptions, getIntegrationQueryKey, updateIntegrationMutation } from "../../generated/@tanstack/react-query.gen.ts";
import type { Integration } from "../../generated/types.gen.ts";
import { draftOf, isSame, updateBodyOf } from "./draft.ts";
import { IntegrationForm } from "./integration-form.tsx";
import { stateOf } from "./integration-state.ts";
import { LeaveDialog } from "./leave-dialog.tsx";
import { TestPanel } from "./test-panel.tsx";
import { refetchIntegrations, useIntegrationActions } from "./use-integration-actions.ts";
import { useValidation } from "./use-validation.ts";

const route = getRouteApi("/projects/$projectId/integrations/$integrationId/edit");
const refetchMs = 5000;

export const EditIntegrationPage = () => {
  const { integrationId, projectId } = route.useParams();
  const can = useCan();
  const query = useQuery({ ...getIntegrationOptions({ path: { id: integrationId } }), refetchInterval: refetchMs });
  const { data } = query;
  const state = data === undefined ? undefined : stateOf(data);
  return (
    <Page
      title={data === undefined ? "Edit integration" : `Edit ${data.name}`}
      trail={
        <Link
          to="/projects/$projectId/integrations/$integrationId"
          params={{ projectId, integrationId }}
          className="trail"
          title="The integration"
        >
          <Icon name="chevronLeft" size={14} />
          {data?.name ?? "Integration"}
        </Link>
      }
      beside={state === undefined ? null : <Badge tone={state.tone}>{state.title}</Badge>}
    >
      {can("integrations:CRUD") ? (
        <QueryView query={query} label="the integration" loadingRows={6}>
          {(one) => <EditForm key={one.id} now={one} />}
        </QueryView>
      ) : (
        <NoRight />
      )}
    </Page>
  );
};

/** `now`: what the API says at present. The draft is of `opened`, what it said when the form was opened or last saved. */
const EditForm = ({ now }: { now: Integration }) => {
  const [opened, setOpened] = useState(now);
  const [draft, setDraft] = useState(() => draftOf(now));
  const validation = useValidation(now.id);
  const isDirty = !isSame(draft, draftOf(opened));
  const queryClient = useQueryClient();
  const update = useMutation({
    ...updateIntegrationMutation(),
    gcTime: 0,
    onSuccess: (saved) => {
      queryClient.setQueryData(getIntegrationQueryKey({ path: { id: saved.id } }), saved);
      setOpened(saved);
      void refetchIntegrations();
    },
  });
  const open = (one: Integration) => {
    setOpened(one);
    setDraft(draftOf(one));
  };
  useTestOnArrival(validation.start);
  const save = (after: () => void) => {
    const onSuccess = (saved: Integration) => {
      // What was typed while it was being saved stays.
      setDraft((current) => (current === draft ? draftOf(saved) : current));
      after();
    };
    update.mutate({ path: { id: now.id }, body: updateBodyOf(draft, draftOf(opened), opened.updatedAt) }, { onSuccess });
  };
  return (
    <form
      className="columns"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (update.isPending || validation.isUnderWay) return;
        if (isDirty) save(validation.start);
        else validation.start();
      }}
    >
      <div className="stack">
        {now.updatedAt === opened.updatedAt ? null : (
          <ChangedMeanwhile
            onTake={() => {
              update.reset();
              open(now);
            }}
          />
        )}
        <IntegrationForm draft={draft} onChange={setDraft} errorOf={fieldErrorsOf(update.error)} masks={now.secret} isNew={false} />
        {update.error === null ? null : <FailedNotice error={update.error} />}
        <div className="form-end">
          <Button disabled={!isDirty} onClick={() => setDraft(draftOf(opened))}>
            Undo changes
          </Button>
          <Button disabled={!isDirty} isBusy={update.isPending} onClick={() => save(() => toast("Saved."))}>
            Save
          </Button>
          <Button type="submit" variant="primary" isBusy={update.isPending || validation.isUnderWay}>
            {isDirty ? "Save and test" : "Test"}
          </Button>
        </div>
      </div>
      <TestPanel kind={now.kind} validation={validation} isDraftNewer={isDirty}>
        {now.enabled ? null : <StartDeliveries integration={now} />}
      </TestPanel>
      <LeaveDialog isDirty={isDirty} isLeaving={() => false} />
    </form>
  );
};

/** Once for a page that was opened to test what was just created; a reload does not test again. */
const useTestOnArrival = (start: () => void): void => {
  const { test } = route.useSearch();
  const navigate = useNavigate({ from: "/projects/$projectId/integrations/$integrationId/edit" });
  const isDone = useRef(false);
  useEffect(() => {
    if (test !== "now" || isDone.current) return;
    isDone.current = true;
    start();
    void navigate({ search: {}, replace: true });
  }, [test, start, navigate]);
};

const ChangedMeanwhile = ({ onTake }: { onTake: () => void }) => (
  <Notice tone="warning">
    <p>The integration was changed meanwhile, by somebody else or by a fault that switched it off. Your draft is as you typed it.</p>
    <Button size="small" onClick={onTake}>
      Discard my draft and show the present settings
    </Button>
  </Notice>
);

const StartDeliveries = ({ integration: { id, projectId } }: { integration: Integration }) => {
  const { resume } = useIntegrationActions();
  const navigate = useNavigate();
  const go = () => void navigate({ to: "/projects/$projectId/integrations/$integrationId", params: { projectId, integrationId: id } });
  return (
    <Button variant="primary" icon="play" isBusy={resume.isPending} onClick={() => resume.mutate({ path: { id } }, { onSuccess: go })}>
      Start deliveries
    </Button>
  );
};
