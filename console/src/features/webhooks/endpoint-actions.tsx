/** Buttons of an endpoint: the one action that follows from its state, or all of them. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useCan } from "../../app/use-project.ts";
import { Button, buttonClass } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Icon } from "../../components/icon.tsx";
import { Menu } from "../../components/menu.tsx";
import type { WebhookEndpoint } from "../../generated/types.gen.ts";
import { EditEndpointDialog } from "./edit-endpoint-dialog.tsx";
import { RedeliverDialog } from "./redeliver-dialog.tsx";
import { RotateDialog } from "./rotate-dialog.tsx";
import { TestDialog } from "./test-dialog.tsx";
import { refetchWebhooks, useEndpointActions } from "./use-endpoint-actions.ts";

type Asked = "test" | "edit" | "rotate" | "redeliver" | "delete" | null;
type ActionsProps = { endpoint: WebhookEndpoint; isShort?: boolean };

export const EndpointActions = ({ endpoint, isShort = false }: ActionsProps) => {
  const can = useCan();
  const [asked, setAsked] = useState<Asked>(null);
  if (!can("webhooks:CRUD")) return null;
  return (
    <>
      {isShort ? <ShortActions endpoint={endpoint} onAsk={setAsked} /> : <AllActions endpoint={endpoint} onAsk={setAsked} />}
      <Dialogs endpoint={endpoint} asked={asked} onClose={() => setAsked(null)} />
    </>
  );
};

type ButtonsProps = { endpoint: WebhookEndpoint; onAsk: (asked: Asked) => void };

const ShortActions = ({ endpoint: { id, name, enabled }, onAsk }: ButtonsProps) => {
  const { enable } = useEndpointActions();
  return enabled ? (
    <Button size="small" aria-label={`Send a test to ${name}`} onClick={() => onAsk("test")}>
      Send a test
    </Button>
  ) : (
    <Button
      size="small"
      icon="play"
      isBusy={enable.isPending}
      aria-label={`Switch on ${name}`}
      onClick={() => enable.mutate({ path: { id }, body: { enabled: true } })}
    >
      Switch on
    </Button>
  );
};

const AllActions = ({ endpoint: { id, enabled }, onAsk }: ButtonsProps) => {
  const { enable } = useEndpointActions();
  return (
    <>
      <Button variant={enabled ? "primary" : "secondary"} onClick={() => onAsk("test")}>
        Send a test
      </Button>
      <Button
        variant={enabled ? "secondary" : "primary"}
        icon={enabled ? "stop" : "play"}
        isBusy={enable.isPending}
        onClick={() => enable.mutate({ path: { id }, body: { enabled: !enabled } })}
      >
        {enabled ? "Switch off" : "Switch on"}
      </Button>
      <Button onClick={() => onAsk("edit")}>Edit</Button>
      <Menu
        label="More actions"
        className={buttonClass({}, "button-icon")}
        items={[
          {
            ...{ id: "redeliver", title: "Redeliver many…", icon: "retry", isDisabled: !enabled, onSelect: () => onAsk("redeliver") },
            ...(enabled ? {} : { note: "Switch it on first" }),
          },
          { id: "rotate", title: "Rotate the secret…", icon: "key", onSelect: () => onAsk("rotate") },
          { id: "delete", title: "Delete…", icon: "trash", isDangerous: true, onSelect: () => onAsk("delete") },
        ]}
      >
        <Icon name="more" />
      </Menu>
    </>
  );
};

const Dialogs = ({ endpoint, asked, onClose }: { endpoint: WebhookEndpoint; asked: Asked; onClose: () => void }) => {
  const { id, name, projectId } = endpoint;
  const navigate = useNavigate();
  const { remove } = useEndpointActions();
  const openDelivery = (delivery: string) =>
    void navigate({ to: "/projects/$projectId/webhooks/$endpointId", params: { projectId, endpointId: id }, search: { delivery } });
  const leave = async () => {
    await navigate({ to: "/projects/$projectId/webhooks", params: { projectId } });
    await refetchWebhooks();
  };
  return (
    <>
      {asked === "test" ? <TestDialog endpoint={endpoint} onClose={onClose} onSent={openDelivery} /> : null}
      {asked === "edit" ? <EditEndpointDialog endpoint={endpoint} onClose={onClose} /> : null}
      {asked === "rotate" ? <RotateDialog endpoint={endpoint} onClose={onClose} /> : null}
      {asked === "redeliver" ? <RedeliverDialog endpoint={endpoint} onClose={onClose} /> : null}
      <ConfirmDialog
        title={`Delete “${name}”?`}
        action="Delete"
        isDangerous
        isOpen={asked === "delete"}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={onClose}
        onConfirm={() => remove.mutate({ path: { id } }, { onSuccess: leave })}
      >
        <p>Its secrets and deliveries are deleted, and what waits is not sent.</p>
      </ConfirmDialog>
    </>
  );
};
