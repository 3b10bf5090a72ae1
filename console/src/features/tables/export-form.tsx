/** Options of an export. */
import { Button, IconButton } from "../../components/button.tsx";
import { Checkbox, Field, Input, Select } from "../../components/field.tsx";
import {
  canCompress,
  compressions,
  type ExportDraft,
  expiryHours,
  type Faults,
  formats,
  isJson,
  type PrivacyRule,
  privacyActions,
  scoreModes,
} from "./export-draft.ts";

type FormProps = { draft: ExportDraft; faults: Faults; columns: readonly string[]; onChange: (draft: ExportDraft) => void };

const formatTitles = { CSV: "CSV", JSONL: "JSON Lines", JSON: "JSON", PARQUET: "Parquet" };
const scoreTitles = { columns: "One column for each name", nested: "One column with all", none: "Leave out" };
const expiryTitles: Record<(typeof expiryHours)[number], string> = {
  1: "1 hour",
  24: "1 day",
  72: "3 days",
  168: "7 days",
  720: "30 days",
};

export const ExportForm = (props: FormProps) => {
  const { draft, faults, columns, onChange } = props;
  const set = (change: Partial<ExportDraft>) => onChange({ ...draft, ...change });
  return (
    <div className="export-form">
      <Field label="Name" hint="Empty: the time, the table and the format.">
        {(control) => <Input {...control} value={draft.name} maxLength={200} onChange={(event) => set({ name: event.target.value })} />}
      </Field>
      <div className="export-pair">
        <Field label="Format">
          {(control) => (
            <Select
              {...control}
              value={draft.format}
              options={formats.map((value) => ({ value, title: formatTitles[value] }))}
              onChange={(format) => set({ format })}
            />
          )}
        </Field>
        {canCompress(draft.format) ? (
          <Field label="Compression">
            {(control) => (
              <Select
                {...control}
                value={draft.compression}
                options={compressions.map((value) => ({ value, title: value === "none" ? "None" : value }))}
                onChange={(compression) => set({ compression })}
              />
            )}
          </Field>
        ) : null}
      </div>
      <FormatOptions {...props} />
      <fieldset className="export-group">
        <legend>Columns</legend>
        <Checkbox checked={draft.hasAllColumns} onChange={(event) => set({ hasAllColumns: event.target.checked })}>
          All columns, not only the {columns.length} that are shown
        </Checkbox>
        {draft.hasAllColumns || columns.includes("scores") ? (
          <Field label="Scores">
            {(control) => (
              <Select
                {...control}
                value={draft.scores}
                options={scoreModes.map((value) => ({ value, title: scoreTitles[value] }))}
                onChange={(scores) => set({ scores })}
              />
            )}
          </Field>
        ) : null}
      </fieldset>
      <div className="export-pair">
        <Field label="Most rows" hint="Empty: all." error={faults.limit}>
          {(control) => (
            <Input {...control} inputMode="numeric" value={draft.limit} onChange={(event) => set({ limit: event.target.value.trim() })} />
          )}
        </Field>
        <Field label="New file every (MiB)" hint="Empty: one file." error={faults.split}>
          {(control) => (
            <Input {...control} inputMode="numeric" value={draft.split} onChange={(event) => set({ split: event.target.value.trim() })} />
          )}
        </Field>
      </div>
      <Privacy rules={draft.privacy} onChange={(privacy) => set({ privacy })} />
      <Field label="Files are kept for">
        {(control) => (
          <Select
            {...control}
            value={String(draft.expiresAfterHours)}
            options={expiryHours.map((hours) => ({ value: String(hours), title: expiryTitles[hours] }))}
            onChange={(hours) => set({ expiresAfterHours: Number(hours) })}
          />
        )}
      </Field>
      <Checkbox checked={draft.notify} onChange={(event) => set({ notify: event.target.checked })}>
        Mail me when it has ended
      </Checkbox>
    </div>
  );
};

const FormatOptions = ({ draft, faults, onChange }: FormProps) => {
  const set = (change: Partial<ExportDraft>) => onChange({ ...draft, ...change });
  if (draft.format === "CSV")
    return (
      <>
        <Checkbox checked={draft.neutralizeFormulas} onChange={(event) => set({ neutralizeFormulas: event.target.checked })}>
          Keep spreadsheets from running text as formulas
        </Checkbox>
        <Checkbox checked={draft.bom} onChange={(event) => set({ bom: event.target.checked })}>
          Byte order mark, by which Excel knows UTF-8
        </Checkbox>
      </>
    );
  if (!isJson(draft.format)) return null;
  return (
    <>
      <Checkbox checked={draft.embed} onChange={(event) => set({ embed: event.target.checked })}>
        Embed stored JSON as JSON, not as text
      </Checkbox>
      {draft.embed ? (
        <Field label="Levels of embedded JSON" hint="Deeper documents stay text. jq before 1.8 reads 256." error={faults.embedLevels}>
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              value={draft.embedLevels}
              onChange={(event) => set({ embedLevels: event.target.value.trim() })}
            />
          )}
        </Field>
      ) : null}
    </>
  );
};

const actionTitles = { mask: "Mask", hash: "Hash", drop: "Drop" };

const Privacy = ({ rules, onChange }: { rules: readonly PrivacyRule[]; onChange: (rules: readonly PrivacyRule[]) => void }) => (
  <fieldset className="export-group">
    <legend>Privacy</legend>
    {rules.map((rule, at) => (
      // Rules have no identity but their place.
      <div key={at} className="export-rule">
        <Select
          aria-label={`Action of rule ${at + 1}`}
          value={rule.action}
          options={privacyActions.map((value) => ({ value, title: actionTitles[value] }))}
          onChange={(action) => onChange(rules.with(at, { ...rule, action }))}
        />
        <Input
          aria-label={`Path of rule ${at + 1}`}
          placeholder="input.messages[*].content"
          value={rule.path}
          onChange={(event) => onChange(rules.with(at, { ...rule, path: event.target.value }))}
        />
        <IconButton icon="trash" label={`Remove rule ${at + 1}`} onClick={() => onChange(rules.toSpliced(at, 1))} />
      </div>
    ))}
    <Button size="small" icon="plus" onClick={() => onChange([...rules, { path: "", action: "mask" }])}>
      Add a rule
    </Button>
  </fieldset>
);
