/** Frame of the pages that need no session. */
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { queryClient } from "../../app/query-client.ts";
import "./sign-in.css";

export const SignInCard = ({ title, children }: { title: string; children: ReactNode }) => {
  useEffect(() => {
    document.title = `${title} · Spillway`;
  }, [title]);
  return (
    <QueryClientProvider client={queryClient}>
      <main className="sign-in">
        <div className="sign-in-card">
          <img src="/static/icon.svg" width={36} height={36} alt="" />
          <h1 tabIndex={-1}>{title}</h1>
          {children}
        </div>
      </main>
    </QueryClientProvider>
  );
};
