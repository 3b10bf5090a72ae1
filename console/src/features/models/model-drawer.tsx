/** One model: what it matches, its tiers with their conditions and prices. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { refetchOperations } from "../../app/query-client.ts";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { CopyText } from "../../components/code-block.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Drawer } from "../../components/drawer.tsx";
import { Facts } from "../../components/facts.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { deleteModelMutation } from "../../generated/@tanstack/react-query.gen.ts";
import type { Model } from "../../generated/types.gen.ts";
import { conditionText } from "./condition-text.ts";
import { Price } from "./price.tsx";

export const ModelDrawer = ({ model, onClose }: { model: Model; onClose: () => void }) => (
  <Drawer
    title={model.modelName}
    onClose={onClose}
    actions={model.isLangfuseManaged ? <Badge>Built in</Badge> : <Badge tone="info">Own</Badge>}
  >
    <DeleteModel model={model} onDeleted={onClose} />
    <Facts
      facts={[
        ["Matches", <CopyText key="pattern" text={model.matchPattern} label="pattern" />],
        ["From", model.startDate === null ? "Always" : <Time key="from" at={model.startDate} form="full" />],
        ["Unit", model.unit?.toLowerCase() ?? null],
        ["Tokenizer", model.tokenizerConfig?.tokenizerModel ?? null],
        ["Created", model.isLangfuseManaged ? null : <Time key="created" at={model.createdAt} form="full" />],
        ["Id", <CopyText key="id" text={model.id} label="id" />],
      ]}
    />
    {model.pricingTiers
      .toSorted((a, b) => a.priority - b.priority)
      .map((tier) => (
        <Tier key={tier.id} tier={tier} />
      ))}
    <p className="muted">
      Prices are in USD for a million units. The first tier whose conditions all hold prices the call, else the default.
    </p>
  </Drawer>
);

const Tier = ({ tier: { id, name, isDefault, conditions, prices } }: { tier: Model["pricingTiers"][number] }) => (
  <section className="panel tier" aria-labelledby={`tier-${id}`}>
    <div className="toolbar">
      <h3 id={`tier-${id}`}>{name}</h3>
      {isDefault ? <Badge isPlain>Default</Badge> : null}
    </div>
    {conditions.length === 0 ? null : (
      <ul>
        {conditions.map((condition) => (
          <li key={conditionText(condition)}>{conditionText(condition)}</li>
        ))}
      </ul>
    )}
    <Facts facts={Object.entries(prices).map(([kind, price]) => [kind, <Price key={kind} price={price} />])} />
  </section>
);

const DeleteModel = ({ model, onDeleted }: { model: Model; onDeleted: () => void }) => {
  const can = useCan();
  const [isAsking, setAsking] = useState(false);
  const remove = useMutation({
    ...deleteModelMutation(),
    onSuccess: () => {
      toast("The model is deleted. Within a minute the next matching one prices calls.");
      void refetchOperations("listModels", "listAuditLogs");
      onDeleted();
    },
  });
  if (model.isLangfuseManaged)
    return <p className="muted">Built-in models stay. One of your own that matches the same names goes first.</p>;
  if (!can("models:CUD")) return null;
  return (
    <div className="toolbar">
      <Button variant="danger" icon="trash" onClick={() => setAsking(true)}>
        Delete
      </Button>
      <ConfirmDialog
        title={`Delete “${model.modelName}”?`}
        action="Delete model"
        isDangerous
        isOpen={isAsking}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate({ path: { id: model.id } })}
      >
        <p>Costs that are computed stay. New calls are priced by the next model that matches.</p>
      </ConfirmDialog>
    </div>
  );
};
