/** Adds a model of the project: a name, what it matches, prices, and tiers of other prices. */
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { factsOf } from "../../app/api-error.ts";
import { refetchOperations } from "../../app/query-client.ts";
import { useCan } from "../../app/use-project.ts";
import { Button } from "../../components/button.tsx";
import { Field, Input } from "../../components/field.tsx";
import { Icon } from "../../components/icon.tsx";
import { Page } from "../../components/page.tsx";
import { FailedNotice, NoRight } from "../../components/states.tsx";
import { toast } from "../../components/toast.tsx";
import { createModelMutation } from "../../generated/@tanstack/react-query.gen.ts";
import { type DraftFaults, draftFaults, emptyDraft, emptyTier, type ModelDraft, requestOf } from "./model-draft.ts";
import "./models-page.css";
import { patternOf } from "./price-text.ts";
import { PriceFields, TierFields } from "./tier-fields.tsx";

const route = getRouteApi("/projects/$projectId/models/new");

export const NewModelPage = () => {
  const { projectId } = route.useParams();
  const can = useCan();
  return (
    <Page
      title="Add a model"
      trail={
        <Link to="/projects/$projectId/models" params={{ projectId }} className="trail" title="All models">
          <Icon name="chevronLeft" size={14} />
          Models
        </Link>
      }
    >
      {can("models:CUD") ? <ModelForm projectId={projectId} /> : <NoRight />}
    </Page>
  );
};

const ModelForm = ({ projectId }: { projectId: string }) => {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(emptyDraft);
  const [known, setKnown] = useState<DraftFaults>({});
  const create = useMutation({
    ...createModelMutation(),
    onSuccess: (model) => {
      toast("The model is added. It prices new calls within a minute.");
      void refetchOperations("listModels", "listAuditLogs");
      void navigate({ to: "/projects/$projectId/models", params: { projectId }, search: { owner: "own", model: model.id } });
    },
  });
  const told = create.error === null ? {} : Object.fromEntries(factsOf(create.error).fields.map(({ path, message }) => [path, message]));
  const faults: DraftFaults = Object.keys(known).length > 0 ? known : told;
  const change = (changed: Partial<ModelDraft>) => setDraft({ ...draft, ...changed });
  const submit = () => {
    const found = draftFaults(draft);
    setKnown(found);
    create.reset();
    if (Object.keys(found).length === 0) create.mutate({ body: requestOf(draft) });
  };
  return (
    <form
      className="form new-model"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!create.isPending) submit();
      }}
    >
      <div className="form-row">
        <Field label="Name" error={faults["modelName"]}>
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              value={draft.modelName}
              onChange={(event) => change({ modelName: event.target.value })}
            />
          )}
        </Field>
        <Field label="In force from" hint="Empty: always. Calls before it are priced by another model." error={faults["startDate"]}>
          {(control) => (
            <Input {...control} type="date" value={draft.startDate} onChange={(event) => change({ startDate: event.target.value })} />
          )}
        </Field>
      </div>
      <Field
        label="Matches"
        hint="A regular expression of Postgres, tried on the name of each call. Empty: the name alone, in any case."
        error={faults["matchPattern"]}
      >
        {(control) => (
          <Input
            {...control}
            className="mono"
            autoComplete="off"
            spellCheck={false}
            placeholder={draft.modelName.trim() === "" ? "(?i)^name$" : patternOf(draft.modelName.trim())}
            value={draft.matchPattern}
            onChange={(event) => change({ matchPattern: event.target.value })}
          />
        )}
      </Field>
      <section className="panel" aria-labelledby="prices">
        <div className="panel-header">
          <h2 id="prices">Prices</h2>
          <span className="muted">USD for a million units</span>
        </div>
        <div className="panel-body">
          <PriceFields prices={draft.prices} error={faults["pricingTiers.0.prices"]} onChange={(prices) => change({ prices })} />
        </div>
      </section>
      {draft.tiers.map((tier, index) => (
        <TierFields
          key={index}
          number={index + 1}
          tier={tier}
          faults={faults}
          onChange={(changed) => change({ tiers: draft.tiers.with(index, changed) })}
          onRemove={() => change({ tiers: draft.tiers.toSpliced(index, 1) })}
        />
      ))}
      <div className="toolbar">
        <Button icon="plus" onClick={() => change({ tiers: [...draft.tiers, emptyTier(draft.prices)] })}>
          Add a tier
        </Button>
        <span className="muted">Other prices for some calls, such as those with a long context.</span>
      </div>
      {create.error === null ? null : <FailedNotice error={create.error} />}
      <div className="toolbar">
        <Button variant="primary" type="submit" isBusy={create.isPending}>
          Add model
        </Button>
        <Link to="/projects/$projectId/models" params={{ projectId }} className="button button-secondary">
          Cancel
        </Link>
      </div>
    </form>
  );
};
