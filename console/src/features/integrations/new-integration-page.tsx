/** A new integration. It is saved paused, tested, and started once the test has passed. */
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { fieldErrorsOf } from "../../app/field-errors.ts";
import { useCan } from "../../app/use-project.ts";
import { Button, buttonClass } from "../../components/button.tsx";
import { Icon } from "../../components/icon.tsx";
import { Page } from "../../components/page.tsx";
import { FailedNotice, NoRight } from "../../components/states.tsx";
import { createIntegrationMutation } from "../../generated/@tanstack/react-query.gen.ts";
import { createBodyOf, emptyDraft, isSame } from "./draft.ts";
import { IntegrationForm } from "./integration-form.tsx";
import { LeaveDialog } from "./leave-dialog.tsx";
import { TestPanel } from "./test-panel.tsx";
import { refetchIntegrations } from "./use-integration-actions.ts";

const route = getRouteApi("/projects/$projectId/integrations/new");

export const NewIntegrationPage = () => {
  const { projectId } = route.useParams();
  const can = useCan();
  return (
    <Page
      title="New integration"
      trail={
        <Link to="/projects/$projectId/integrations" params={{ projectId }} className="trail" title="All integrations">
          <Icon name="chevronLeft" size={14} />
          Integrations
        </Link>
      }
    >
      {can("integrations:CRUD") ? <NewForm /> : <NoRight />}
    </Page>
  );
};

const NewForm = () => {
  const { projectId } = route.useParams();
  const { kind = "blob_storage" } = route.useSearch();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(() => emptyDraft(kind));
  const isLeaving = useRef(false);
  const create = useMutation({
    ...createIntegrationMutation(),
    // Its secret is not kept.
    gcTime: 0,
    onSuccess: ({ id }) => {
      isLeaving.current = true;
      void refetchIntegrations();
      void navigate({
        to: "/projects/$projectId/integrations/$integrationId/edit",
        params: { projectId, integrationId: id },
        search: { test: "now" },
        replace: true,
      });
    },
  });
  return (
    <form
      className="columns"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!create.isPending) create.mutate({ body: createBodyOf(draft, false) });
      }}
    >
      <div className="stack">
        <IntegrationForm draft={draft} onChange={setDraft} errorOf={fieldErrorsOf(create.error)} masks={null} isNew />
        {create.error === null ? null : <FailedNotice error={create.error} />}
        <div className="form-end">
          <span className="field-hint">It is saved paused. Nothing is delivered before you start it.</span>
          <Link to="/projects/$projectId/integrations" params={{ projectId }} className={buttonClass()}>
            Cancel
          </Link>
          <Button type="submit" variant="primary" isBusy={create.isPending}>
            Save and test
          </Button>
        </div>
      </div>
      <TestPanel kind={draft.kind} validation={undefined} isDraftNewer={false} />
      <LeaveDialog isDirty={!isSame(draft, emptyDraft(draft.kind))} isLeaving={() => isLeaving.current} />
    </form>
  );
};
