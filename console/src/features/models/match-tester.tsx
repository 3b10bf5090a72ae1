/** Asks the API which model would price a name: by the rule that prices calls. */
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Field, Input } from "../../components/field.tsx";
import { FailedNotice } from "../../components/states.tsx";
import { matchModelMutation } from "../../generated/@tanstack/react-query.gen.ts";
import type { ModelMatch } from "../../generated/types.gen.ts";
import { Price } from "./price.tsx";

const route = getRouteApi("/projects/$projectId/models");

export const MatchTester = ({ onOpen }: { onOpen: (id: string) => void }) => {
  const { name: asked } = route.useSearch();
  const navigate = useNavigate({ from: "/projects/$projectId/models" });
  const [name, setName] = useState(asked ?? "");
  const { mutate, reset, data, error, isPending } = useMutation(matchModelMutation());
  // The name that is tried is in the URL, so that a link shows the same answer.
  useEffect(() => {
    if (asked === undefined) reset();
    else mutate({ body: { modelName: asked } });
  }, [asked, mutate, reset]);
  const submit = () => {
    const next = name.trim();
    if (next !== "" && next === asked) mutate({ body: { modelName: next } });
    void navigate({ search: ({ name: _, ...rest }) => ({ ...rest, ...(next && { name: next }) }), replace: true });
  };
  return (
    <section className="panel match-tester" aria-labelledby="match-title">
      <h2 id="match-title">Which model prices a name?</h2>
      <form
        className="match-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label="Model name, as calls send it">
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              spellCheck={false}
              maxLength={500}
              placeholder="us.anthropic.claude-sonnet-4-5-20250929-v1:0"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" isBusy={isPending}>
          Try it
        </Button>
      </form>
      <div role="status">{data === undefined || asked === undefined ? null : <Answer match={data} onOpen={onOpen} />}</div>
      {error === null ? null : <FailedNotice error={error} />}
    </section>
  );
};

const Answer = ({ match: { model, matchedName, names }, onOpen }: { match: ModelMatch; onOpen: (id: string) => void }) => (
  <>
    {model === null ? (
      <p>
        <Badge tone="warning">No model</Badge> Calls of this name have no price. Add a model whose pattern matches it.
      </p>
    ) : (
      <p className="toolbar">
        <Badge tone="success">{model.isLangfuseManaged ? "Built in" : "Own"}</Badge>
        <Button size="small" onClick={() => onOpen(model.id)}>
          {model.modelName}
        </Button>
        <span>
          input <Price price={model.inputPrice ?? model.totalPrice} />, output <Price price={model.outputPrice ?? model.totalPrice} /> for a
          million units
        </span>
      </p>
    )}
    <p className="match-names muted">
      Tried:{" "}
      {names.map((each) => (
        <code key={each}>
          {each}
          {each === matchedName ? " ✓" : ""}
        </code>
      ))}
    </p>
  </>
);
