/** Sign-in: by a link in a mail, or by the company's provider. Says nothing about who is known. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { factsOf } from "../../app/api-error.ts";
import { Button, buttonClass } from "../../components/button.tsx";
import { Field, Input } from "../../components/field.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { Empty, FailedNotice, Notice } from "../../components/states.tsx";
import { getSignInMethodsOptions, requestMailLinkMutation } from "../../generated/@tanstack/react-query.gen.ts";
import type { SignInMethods } from "../../generated/types.gen.ts";
import { SignInCard } from "./sign-in-card.tsx";

const route = getRouteApi("/sign-in");

export const SignInPage = () => {
  const [sentTo, setSentTo] = useState<string | null>(null);
  return (
    <SignInCard title={sentTo === null ? "Sign in to Spillway" : "Look into your mail"}>
      {sentTo === null ? <Choice onSent={setSentTo} /> : <Sent to={sentTo} onAgain={() => setSentTo(null)} />}
    </SignInCard>
  );
};

const Choice = ({ onSent }: { onSent: (email: string) => void }) => {
  const { next, error, requestId } = route.useSearch();
  const methods = useQuery(getSignInMethodsOptions());
  return (
    <>
      {error === undefined ? null : (
        <Notice tone="danger">
          Your company's sign-in did not work. Start again, and give your operator these words if it stays:{" "}
          <span className="mono">
            {error} {requestId}
          </span>
        </Notice>
      )}
      <QueryView
        query={methods}
        label="the ways to sign in"
        loadingRows={2}
        isEmpty={({ mailLink, oidc }) => !mailLink && oidc.length === 0}
        empty={
          <Empty icon="key" title="Nobody can sign in here yet">
            <p>The operator sets SPILLWAY_PUBLIC_URL for links by mail, or AUTH_CUSTOM_ISSUER for a company's sign-in.</p>
          </Empty>
        }
      >
        {(offered) => <Methods offered={offered} next={next} onSent={onSent} />}
      </QueryView>
    </>
  );
};

type MethodsProps = { offered: SignInMethods; next: string | undefined; onSent: (email: string) => void };

const Methods = ({ offered: { mailLink, oidc }, next, onSent }: MethodsProps) => (
  <>
    {oidc.map(({ id, name }) => (
      <a
        key={id}
        className={buttonClass({ variant: mailLink ? "secondary" : "primary" })}
        href={`/api/auth/oidc/start${next === undefined ? "" : `?next=${encodeURIComponent(next)}`}`}
      >
        Continue with {name}
      </a>
    ))}
    {mailLink && oidc.length > 0 ? <div className="sign-in-or">or</div> : null}
    {mailLink ? <MailForm next={next} onSent={onSent} /> : null}
  </>
);

const MailForm = ({ next, onSent }: Pick<MethodsProps, "next" | "onSent">) => {
  const [email, setEmail] = useState("");
  const request = useMutation({ ...requestMailLinkMutation(), onSuccess: () => onSent(email) });
  const field = request.error === null ? undefined : factsOf(request.error).fields.find(({ path }) => path === "email");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        request.mutate({ body: { email, ...(next !== undefined && { next }) } });
      }}
    >
      <Field label="Mail address" error={field?.message}>
        {(control) => (
          <Input
            {...control}
            type="email"
            name="email"
            autoComplete="email"
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      {request.error === null || field !== undefined ? null : <FailedNotice error={request.error} />}
      <Button type="submit" variant="primary" isBusy={request.isPending}>
        Send me a link
      </Button>
    </form>
  );
};

const Sent = ({ to, onAgain }: { to: string; onAgain: () => void }) => (
  <>
    <p role="status">
      If <strong>{to}</strong> belongs to someone here, a link is on its way. It works once, for 15 minutes, in this browser or another.
    </p>
    <Button onClick={onAgain}>Use another address</Button>
  </>
);
