/** Fields of a tier: when it applies, and its prices. */
import { Button, IconButton } from "../../components/button.tsx";
import { Field, Input, Select } from "../../components/field.tsx";
import { operatorTitles } from "./condition-text.ts";
import type { DraftFaults, PriceDraft, TierDraft } from "./model-draft.ts";

type PriceFieldsProps = { prices: readonly PriceDraft[]; error: string | undefined; onChange: (prices: readonly PriceDraft[]) => void };

export const PriceFields = ({ prices, error, onChange }: PriceFieldsProps) => (
  <div className="tier-form">
    {prices.map(({ kind, amount }, index) => {
      const change = (changed: Partial<PriceDraft>) => onChange(prices.with(index, { kind, amount, ...changed }));
      return (
        <div key={index} className="tier-line">
          <Field label="Kind of usage">
            {(control) => (
              <Input
                {...control}
                list="usage-kinds"
                autoComplete="off"
                value={kind}
                onChange={(event) => change({ kind: event.target.value })}
              />
            )}
          </Field>
          <Field label={`Price of ${kind || "it"}`}>
            {(control) => (
              <Input
                {...control}
                inputMode="decimal"
                autoComplete="off"
                placeholder="2.50"
                value={amount}
                onChange={(event) => change({ amount: event.target.value })}
              />
            )}
          </Field>
          <IconButton
            icon="trash"
            label={`Leave out the price of ${kind || "it"}`}
            disabled={prices.length === 1}
            onClick={() => onChange(prices.toSpliced(index, 1))}
          />
        </div>
      );
    })}
    <datalist id="usage-kinds">
      {[
        "input",
        "output",
        "total",
        "input_cached_tokens",
        "cache_creation_input_tokens",
        "output_reasoning_tokens",
        "input_audio_tokens",
      ].map((kind) => (
        <option key={kind} value={kind} />
      ))}
    </datalist>
    {error === undefined ? null : (
      <span className="field-error" role="alert">
        {error}
      </span>
    )}
    <div className="toolbar">
      <Button size="small" icon="plus" onClick={() => onChange([...prices, { kind: "", amount: "" }])}>
        Add a price
      </Button>
    </div>
  </div>
);

type TierFieldsProps = { number: number; tier: TierDraft; faults: DraftFaults; onChange: (tier: TierDraft) => void; onRemove: () => void };

const operators = (Object.keys(operatorTitles) as TierDraft["operator"][]).map((value) => ({ value, title: operatorTitles[value] }));

export const TierFields = ({ number, tier, faults, onChange, onRemove }: TierFieldsProps) => {
  const fault = (field: string) => faults[`pricingTiers.${number}.${field}`];
  return (
    <section className="panel" aria-labelledby={`tier-${number}`}>
      <div className="panel-header">
        <h2 id={`tier-${number}`}>Tier {number}</h2>
        <IconButton icon="trash" label={`Remove tier ${number}`} onClick={onRemove} />
      </div>
      <div className="panel-body tier-form">
        <div className="tier-line">
          <Field label="Name of the tier" error={fault("name")}>
            {(control) => (
              <Input
                {...control}
                autoComplete="off"
                value={tier.name}
                onChange={(event) => onChange({ ...tier, name: event.target.value })}
              />
            )}
          </Field>
          <Field label="Where usage that matches" error={fault("usage") ?? fault("conditions.0.usageDetailPattern")}>
            {(control) => (
              <Input
                {...control}
                className="mono"
                autoComplete="off"
                spellCheck={false}
                value={tier.usage}
                onChange={(event) => onChange({ ...tier, usage: event.target.value })}
              />
            )}
          </Field>
          <Field label="is">
            {(control) => (
              <Select {...control} value={tier.operator} options={operators} onChange={(operator) => onChange({ ...tier, operator })} />
            )}
          </Field>
          <Field label="this many units" error={fault("value")}>
            {(control) => (
              <Input
                {...control}
                inputMode="numeric"
                autoComplete="off"
                value={tier.value}
                onChange={(event) => onChange({ ...tier, value: event.target.value })}
              />
            )}
          </Field>
        </div>
        <PriceFields prices={tier.prices} error={fault("prices")} onChange={(prices) => onChange({ ...tier, prices })} />
      </div>
    </section>
  );
};
