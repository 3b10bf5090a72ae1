/** Buttons of an integration: the one action that follows from its state, or all of them. */
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useCan } from "../../app/use-project.ts";
import { Button, buttonClass } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Icon } from "../../components/icon.tsx";
import { Menu } from "../../components/menu.tsx";
import type { Integration } from "../../generated/types.gen.ts";
import { BackfillDialog } from "./backfill-dialog.tsx";
import { refetchIntegrations, useIntegrationActions } from "./use-integration-actions.ts";

type ActionsProps = { integration: Integration; isShort?: boolean };

export const IntegrationActions = ({ integration: one, isShort = false }: ActionsProps) => {
  const can = useCan();
  if (!can("integrations:CRUD")) return null;
  return isShort ? <NextAction integration={one} size="small" /> : <AllActions {...one} />;
};

const NextAction = ({ integration: { id, name, enabled }, size }: { integration: Integration; size: "small" | "normal" }) => {
  const { resume, run } = useIntegrationActions();
  const look = { size, ...(size === "small" && { "aria-label": `${enabled ? "Run now" : "Resume"} ${name}` }) };
  return enabled ? (
    <Button {...look} icon="play" isBusy={run.isPending} onClick={() => run.mutate({ path: { id } })}>
      Run now
    </Button>
  ) : (
    <Button
      {...look}
      variant={size === "small" ? "secondary" : "primary"}
      icon="play"
      isBusy={resume.isPending}
      onClick={() => resume.mutate({ path: { id } })}
    >
      Resume
    </Button>
  );
};

const AllActions = (one: Integration) => {
  const { id, name, projectId, enabled } = one;
  const navigate = useNavigate();
  const { pause, remove } = useIntegrationActions();
  const [asked, setAsked] = useState<"delete" | "backfill" | null>(null);
  const params = { projectId, integrationId: id };
  const leave = async () => {
    await navigate({ to: "/projects/$projectId/integrations", params: { projectId } });
    await refetchIntegrations();
  };
  return (
    <>
      <NextAction integration={one} size="normal" />
      {enabled ? (
        <Button icon="stop" isBusy={pause.isPending} onClick={() => pause.mutate({ path: { id } })}>
          Pause
        </Button>
      ) : null}
      <Link to="/projects/$projectId/integrations/$integrationId/edit" params={params} className={buttonClass()}>
        Edit and test
      </Link>
      <Menu
        label="More actions"
        className={buttonClass({}, "button-icon")}
        items={[
          { id: "backfill", title: "Deliver a range again…", icon: "retry", onSelect: () => setAsked("backfill") },
          { id: "delete", title: "Delete…", icon: "trash", isDangerous: true, onSelect: () => setAsked("delete") },
        ]}
      >
        <Icon name="more" />
      </Menu>
      {asked === "backfill" ? <BackfillDialog id={id} onClose={() => setAsked(null)} /> : null}
      <ConfirmDialog
        title={`Delete “${name}”?`}
        action="Delete"
        isDangerous
        isOpen={asked === "delete"}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setAsked(null)}
        onConfirm={() => remove.mutate({ path: { id } }, { onSuccess: leave })}
      >
        <p>
          Its credentials, windows and refused rows are deleted, and nothing more is delivered. What it has delivered stays where it is.
        </p>
      </ConfirmDialog>
    </>
  );
};
