/**
 * Where a sign-in link leads. A press of the button sends its token: opening the link alone uses nothing up, because scanners of mail servers
 * open links and run their scripts, and nobody is signed in as somebody else by a link that they only looked at.
 */
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { queryClient } from "../../app/query-client.ts";
import { Button, buttonClass } from "../../components/button.tsx";
import { FailedNotice } from "../../components/states.tsx";
import { verifySignInMutation } from "../../generated/@tanstack/react-query.gen.ts";
import { SignInCard } from "./sign-in-card.tsx";

const route = getRouteApi("/sign-in/verify");

export const VerifyPage = () => {
  const { token = "" } = route.useSearch();
  const router = useRouter();
  const verify = useMutation(
    {
      ...verifySignInMutation(),
      onSuccess: ({ next }) => {
        queryClient.clear();
        // In place of the link, so that going back does not try it again.
        void router.navigate({ href: next, replace: true });
      },
    },
    // The card, which has its provider, is below.
    queryClient,
  );
  if (verify.error !== null)
    return (
      <SignInCard title="This link does not sign in">
        <FailedNotice error={verify.error} />
        <a className={buttonClass({ variant: "primary" })} href="/sign-in">
          Ask for a new link
        </a>
      </SignInCard>
    );
  return (
    <SignInCard title="Sign in to Spillway">
      <p className="muted">The link works once, in this browser or another.</p>
      <Button variant="primary" isBusy={verify.isPending || verify.isSuccess} autoFocus onClick={() => verify.mutate({ body: { token } })}>
        Sign in
      </Button>
    </SignInCard>
  );
};
