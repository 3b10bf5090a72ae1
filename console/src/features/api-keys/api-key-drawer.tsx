/** One API key: what it may do, when its secrets end, and how to replace or end it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { CopyText } from "../../components/code-block.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Drawer } from "../../components/drawer.tsx";
import { Facts } from "../../components/facts.tsx";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { listMembersOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { ApiKey } from "../../generated/types.gen.ts";
import { isOverlapping, keyName, keyStateOf } from "./key-state.ts";
import { RotateKeyDialog } from "./rotate-key-dialog.tsx";
import { scopeTitle } from "./scope-titles.ts";
import { useRevokeApiKey } from "./use-api-keys.ts";

export const ApiKeyDrawer = ({ apiKey: key, onClose }: { apiKey: ApiKey; onClose: () => void }) => {
  const [asked, setAsked] = useState<"rotate" | "revoke" | null>(null);
  const can = useCan();
  const revoke = useRevokeApiKey();
  const { title, tone } = keyStateOf(key, Date.now());
  // The API lets nobody give out a secret that may do more than they may.
  const foreign = key.scopes.filter((scope) => !can(scope as never));
  return (
    <Drawer title={keyName(key)} onClose={onClose} actions={<Badge tone={tone}>{title}</Badge>}>
      <div className="toolbar">
        {foreign.length > 0 ? null : (
          <Button icon="retry" onClick={() => setAsked("rotate")}>
            Rotate secret
          </Button>
        )}
        <Button variant="danger" icon="trash" onClick={() => setAsked("revoke")}>
          Revoke
        </Button>
      </div>
      {foreign.length === 0 ? null : (
        <Notice>You cannot rotate this key: it may do what you may not ({foreign.map(scopeTitle).join(", ")}).</Notice>
      )}
      <Facts facts={factsOf(key)} />
      <section className="drawer-scopes" aria-labelledby="key-scopes">
        <h3 id="key-scopes">It may</h3>
        <ul className="drawer-scopes">
          {key.scopes.map((scope) => (
            <li key={scope}>
              {scopeTitle(scope)} <span className="muted mono">{scope}</span>
            </li>
          ))}
        </ul>
      </section>
      <RotateKeyDialog apiKey={key} isOpen={asked === "rotate"} onClose={() => setAsked(null)} />
      <ConfirmDialog
        title={`Revoke “${keyName(key)}”?`}
        action="Revoke key"
        isDangerous
        isOpen={asked === "revoke"}
        isBusy={revoke.isPending}
        error={revoke.error}
        onClose={() => setAsked(null)}
        onConfirm={() =>
          revoke.mutate(
            { path: { id: key.id } },
            {
              onSuccess: () => {
                toast("The key is revoked. Its secrets are refused from now on.");
                onClose();
              },
            },
          )
        }
      >
        <p>Programs that use it are refused at once. Exports that it has started go on. This cannot be undone.</p>
        <p>
          {key.lastUsedAt === null ? (
            "It was never used."
          ) : (
            <>
              It was last used <Time at={key.lastUsedAt} form="relative" />.
            </>
          )}
        </p>
      </ConfirmDialog>
    </Drawer>
  );
};

const factsOf = (key: ApiKey): [name: string, value: React.ReactNode][] => [
  ["Public key", <CopyText key="public" text={key.publicKey} label="public key" />],
  [
    "Secret",
    <span key="secret" className="mono">
      {key.displaySecretKey}
    </span>,
  ],
  ["Owner", <Owner key="owner" userId={key.userId} />],
  ["Created", <Time key="created" at={key.createdAt} form="full" />],
  ["Last used", key.lastUsedAt === null ? "Never" : <Time key="used" at={key.lastUsedAt} form="full" />],
  ["Expires", key.expiresAt === null ? "Never" : <Time key="expires" at={key.expiresAt} form="full" />],
  ["Rotated", key.rotatedAt === null ? null : <Time key="rotated" at={key.rotatedAt} form="full" />],
  [
    "Former secret",
    isOverlapping(key, Date.now()) && key.previousSecretExpiresAt !== null ? (
      <>
        Valid until <Time at={key.previousSecretExpiresAt} form="full" />
      </>
    ) : null,
  ],
];

/** The owner's role bounds what the key may do, so their leaving is worth a word. */
const Owner = ({ userId }: { userId: string }) => {
  const can = useCan();
  const members = useQuery({ ...listMembersOptions(), enabled: can("members:CRUD") });
  const owner = members.data?.data.find((member) => member.userId === userId);
  if (owner !== undefined)
    return (
      <>
        {owner.email} <span className="muted">({owner.role.toLowerCase()})</span>
      </>
    );
  return members.data === undefined ? <span className="mono">{userId}</span> : <>Has left: the key may do nothing</>;
};
