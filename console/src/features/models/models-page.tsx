/** Models and their prices: the project's own and built-in ones, and which of them prices a name. */

import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCommands } from "../../app/commands.ts";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { buttonClass } from "../../components/button.tsx";
import { Input } from "../../components/field.tsx";
import { Icon } from "../../components/icon.tsx";
import { Page } from "../../components/page.tsx";
import { countOf } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Segments } from "../../components/segments.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { Model } from "../../generated/types.gen.ts";
import { MatchTester } from "./match-tester.tsx";
import { ModelDrawer } from "./model-drawer.tsx";
import type { ModelSearch } from "./model-search.ts";
import "./models-page.css";
import { Price } from "./price.tsx";
import { useAllModels } from "./use-all-models.ts";

const route = getRouteApi("/projects/$projectId/models");

export const ModelsPage = () => {
  const search = route.useSearch();
  const { projectId } = route.useParams();
  const navigate = useNavigate({ from: "/projects/$projectId/models" });
  const can = useCan();
  const query = useAllModels();
  const change = (changed: ModelSearch, replace = true) =>
    void navigate({
      search: (before) => Object.fromEntries(Object.entries({ ...before, ...changed }).filter(([, value]) => value)),
      replace,
    });
  const create = () => void navigate({ to: "/projects/$projectId/models/new", params: { projectId } });
  useCommands(can("models:CUD") ? [{ id: "new-model", title: "Add a model", group: "Models", icon: "plus", keys: "n", run: create }] : []);
  const open = (id: string | undefined) => change({ model: id ?? "" }, id === undefined);
  const shown = query.data?.find(({ id }) => id === search.model);
  return (
    <Page
      title="Models"
      actions={
        can("models:CUD") ? (
          <Link to="/projects/$projectId/models/new" params={{ projectId }} className={buttonClass({ variant: "primary" })}>
            <Icon name="plus" size={14} />
            Add model
          </Link>
        ) : null
      }
    >
      <MatchTester onOpen={open} />
      <div className="toolbar">
        <Filter {...search} />
        <Input
          type="search"
          className="model-search"
          aria-label="Search models"
          placeholder="Search models"
          value={search.text ?? ""}
          onChange={(event) => change({ text: event.target.value })}
        />
      </div>
      <QueryView
        query={query}
        label="models"
        isEmpty={(data) => data.filter(fitting(search)).length === 0}
        empty={search.owner === "own" && !search.text ? <NoneOfOwn /> : <FilteredAway />}
      >
        {(data) => <Models models={data.filter(fitting(search))} selected={search.model ?? null} open={open} />}
      </QueryView>
      {shown === undefined ? null : <ModelDrawer key={shown.id} model={shown} onClose={() => open(undefined)} />}
    </Page>
  );
};

const fitting =
  ({ owner, text = "" }: ModelSearch) =>
  ({ modelName, matchPattern, isLangfuseManaged }: Model): boolean =>
    (owner === undefined || (owner === "builtin") === isLangfuseManaged) &&
    text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => `${modelName} ${matchPattern}`.toLowerCase().includes(word));

const Filter = ({ owner, text }: ModelSearch) => {
  const kept: Record<string, string> = text ? { text } : {};
  return (
    <Segments
      label="Whose models"
      segments={[
        { id: "all", title: "All", search: kept, isChosen: owner === undefined },
        { id: "own", title: "Own", search: { ...kept, owner: "own" }, isChosen: owner === "own" },
        { id: "builtin", title: "Built in", search: { ...kept, owner: "builtin" }, isChosen: owner === "builtin" },
      ]}
    />
  );
};

type ModelsProps = { models: readonly Model[]; selected: string | null; open: (id: string) => void };

const Models = ({ models, selected, open }: ModelsProps) => (
  <>
    <div className="models-table">
      <Table label="Models" columns={columnsOf(open)} rows={models} rowKey={({ id }) => id} selectedKey={selected} />
    </div>
    <p className="muted">{countOf(models.length, "model")}. Prices are for a million units, in the default tier.</p>
  </>
);

const columnsOf = (open: (id: string) => void): Column<Model>[] => [
  {
    id: "name",
    title: "Model",
    cell: ({ id, modelName }) => (
      <button type="button" data-row-focus="" onClick={() => open(id)}>
        <SafeText text={modelName} isLine />
      </button>
    ),
  },
  {
    id: "owner",
    title: "Whose",
    cell: ({ isLangfuseManaged }) => (isLangfuseManaged ? <span className="muted">Built in</span> : <Badge tone="info">Own</Badge>),
  },
  { id: "input", title: "Input", align: "end", cell: ({ inputPrice, totalPrice }) => <Price price={inputPrice ?? totalPrice} /> },
  { id: "output", title: "Output", align: "end", cell: ({ outputPrice, totalPrice }) => <Price price={outputPrice ?? totalPrice} /> },
  {
    id: "tiers",
    title: "Tiers",
    align: "end",
    cell: ({ pricingTiers }) => (pricingTiers.length === 1 ? <span className="muted">1</span> : pricingTiers.length),
  },
  {
    id: "since",
    title: "From",
    cell: ({ startDate }) => (startDate === null ? <span className="muted">Always</span> : <Time at={startDate} form="day" />),
  },
  {
    id: "pattern",
    title: "Matches",
    className: "model-pattern",
    cell: ({ matchPattern }) => <code className="truncate">{matchPattern}</code>,
  },
];

const NoneOfOwn = () => (
  <Empty icon="model" title="No models of your own">
    <p>
      The built-in ones price calls by the makers' lists. A model of your own goes first: for a discount, a fine-tuned or a hosted model.
    </p>
  </Empty>
);

const FilteredAway = () => (
  <Empty
    title="No model here"
    actions={
      <Link to="." search={{}} className="button button-secondary">
        Show all models
      </Link>
    }
  >
    <p>No name or pattern has these words.</p>
  </Empty>
);
