/** The person: where they are signed in, and signing out there or everywhere. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { refetchOperations } from "../../app/query-client.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Facts } from "../../components/facts.tsx";
import { Page } from "../../components/page.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { toast, toastFailure } from "../../components/toast.tsx";
import { endAccountSessionMutation, listAccountSessionsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Account, AccountSession } from "../../generated/types.gen.ts";
import { Leave } from "../members/leave.tsx";
import { roleTitles } from "../members/role-words.ts";
import { agentText } from "./agent-text.ts";
import { useSignOutEverywhere } from "./use-sign-out.ts";

const route = getRouteApi("/projects/$projectId");

export const AccountPage = () => {
  const { user, organizations } = route.useRouteContext().account;
  const sessions = useQuery(listAccountSessionsOptions());
  const everywhere = useSignOutEverywhere();
  const [isAsking, setAsking] = useState(false);
  return (
    <Page
      title="Your account"
      actions={
        <Button icon="signOut" onClick={() => setAsking(true)}>
          Sign out everywhere
        </Button>
      }
    >
      <section className="panel" aria-label="You">
        <div className="panel-body">
          <Facts
            facts={[
              ["Mail address", user.email],
              ["Name", user.name],
            ]}
          />
        </div>
      </section>
      <h2>Your organisations</h2>
      <Table label="Organisations" columns={organizationColumns} rows={organizations} rowKey={({ id }) => id} />
      <h2>Where you are signed in</h2>
      <QueryView query={sessions} label="your sessions" loadingRows={2}>
        {({ data }) => <Table label="Sessions" columns={columns} rows={data} rowKey={({ id }) => id} />}
      </QueryView>
      <ConfirmDialog
        title="Sign out everywhere?"
        action="Sign out everywhere"
        isOpen={isAsking}
        isBusy={everywhere.isPending}
        error={everywhere.error}
        onClose={() => setAsking(false)}
        onConfirm={() => everywhere.mutate({})}
      >
        <p>Every session of yours ends at once, this one too. API keys go on working.</p>
      </ConfirmDialog>
    </Page>
  );
};

type Organization = Account["organizations"][number];

const organizationColumns: Column<Organization>[] = [
  { id: "name", title: "Organisation", cell: ({ name }) => <SafeText text={name} isLine /> },
  { id: "role", title: "Your role", cell: ({ role }) => roleTitles[role] },
  { id: "projects", title: "Projects", align: "end", cell: ({ projects }) => projects.length },
  { id: "action", title: "Action", isTitleHidden: true, align: "end", cell: (organization) => <Leave organization={organization} /> },
];

const EndSession = ({ id }: { id: string }) => {
  const end = useMutation({
    ...endAccountSessionMutation(),
    onError: toastFailure,
    onSuccess: () => {
      toast("Signed out there.");
      void refetchOperations("listAccountSessions");
    },
  });
  return (
    <Button size="small" isBusy={end.isPending} onClick={() => end.mutate({ path: { id } })}>
      Sign out
    </Button>
  );
};

const methods: Record<AccountSession["method"], string> = {
  MAIL_LINK: "Link by mail",
  OIDC: "Company's sign-in",
  CONSOLE_LINK: "Printed link",
};

const columns: Column<AccountSession>[] = [
  { id: "agent", title: "Browser", cell: ({ userAgent }) => <span title={userAgent ?? undefined}>{agentText(userAgent)}</span> },
  { id: "method", title: "Signed in by", cell: ({ method }) => methods[method] },
  { id: "ip", title: "Address", cell: ({ ipAddress }) => <span className="mono">{ipAddress ?? "–"}</span> },
  { id: "created", title: "Since", cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: "seen", title: "Last seen", cell: ({ lastSeenAt }) => <Time at={lastSeenAt} form="relative" /> },
  {
    id: "action",
    title: "Action",
    isTitleHidden: true,
    align: "end",
    cell: ({ id, isCurrent }) => (isCurrent ? <Badge tone="success">This one</Badge> : <EndSession id={id} />),
  },
];
