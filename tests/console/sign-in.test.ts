/** Signing in and out of the console, in a browser. */
import { describe, expect, it } from "vitest";
import { useConsole } from "../support/console.ts";

const { whole, chromium, people, openAs, openAsOwner, openLink } = useConsole({ withRunner: false });

describe("signing in", () => {
  it("by a link leads to the overview of the project; looking at the link uses nothing up, and it works once", async () => {
    const link = await people.linkOf({ email: "owner@example.com" });
    const seen = await chromium.open(`${whole.stack().apiUrl}${link}`);
    await seen.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await seen.context().cookies()).toEqual([]);
    const page = await openLink(link);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/projects/${whole.stack().projectId}`);
    const again = await openLink(link, { expectedStatuses: [410] });
    await again.getByRole("heading", { name: "This link does not sign in" }).waitFor();
    await again.getByRole("link", { name: "Ask for a new link" }).click();
    await again.getByRole("heading", { name: "Sign in to Spillway" }).waitFor();
  });

  it("is asked for by a page that needs it, and leads back to that page", async () => {
    const path = `/projects/${whole.stack().projectId}/exports?status=FAILED`;
    const page = await chromium.open(`${whole.stack().apiUrl}${path}`, { expectedStatuses: [401] });
    await page.getByRole("heading", { name: "Sign in to Spillway" }).waitFor();
    expect(new URL(page.url()).searchParams.get("next")).toBe(path);
  });

  it("says the same for every address", async () => {
    const page = await chromium.open(`${whole.stack().apiUrl}/sign-in`);
    await page.getByLabel("Mail address").fill("nobody@example.com");
    await page.getByRole("button", { name: "Send me a link" }).click();
    await page.getByText("belongs to someone here, a link is on its way").waitFor();
  });
});

describe("a session", () => {
  it("ends with signing out, on the server too", async () => {
    const page = await openAsOwner("/", { expectedStatuses: [401] });
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const cookies = await page.context().cookies();
    await page.getByRole("button", { name: /^Your account/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Spillway" }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await page.context().addCookies(cookies);
    await page.goto(whole.stack().apiUrl);
    await page.getByRole("heading", { name: "Sign in to Spillway" }).waitFor();
  });

  it("that ends elsewhere leads to the sign-in page at the next call", async () => {
    const member = await people.join(await people.newTeam("elsewhere"), "ADMIN");
    const signedIn = async () => {
      const page = await openLink(await people.linkOf(member), { expectedStatuses: [401] });
      await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
      return page;
    };
    const [one, other] = [await signedIn(), await signedIn()];
    await other.getByRole("button", { name: /^Your account/ }).click();
    await other.getByRole("menuitem", { name: "Your account" }).click();
    await other.getByRole("button", { name: "Sign out everywhere" }).click();
    await other.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await other.getByRole("heading", { name: "Sign in to Spillway" }).waitFor();
    await one.getByRole("link", { name: "Exports", exact: true }).click();
    await one.getByRole("heading", { name: "Sign in to Spillway" }).waitFor();
  });
});

describe("a project", () => {
  it("of others looks like none", async () => {
    const team = await people.newTeam("strangers");
    const page = await openAs(team, "OWNER", `/projects/${whole.stack().projectId}/exports`);
    await page.getByText("There is no page at this address").waitFor();
  });

  it("is changed by the switcher", async () => {
    const first = await people.newTeam("first");
    const member = await people.join(first, "ADMIN");
    const answer = await fetch(`${whole.stack().apiUrl}/api/admin/projects`, {
      method: "POST",
      headers: { authorization: `Bearer ${whole.stack().adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ organizationId: first.organizationId, name: "second project" }),
    });
    const { id: secondId } = (await answer.json()) as { id: string };
    const page = await openLink(await people.linkOf(member, `/projects/${first.projectId}/exports`));
    await page.getByRole("button", { name: /first project.*Change project/ }).click();
    await page.getByRole("menuitemradio", { name: /second project/ }).click();
    await page.getByRole("button", { name: /second project.*Change project/ }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/projects/${secondId}/exports`);
  });
});

describe("a VIEWER", () => {
  it("is told that a page of exports is not theirs, and no link leads there", async () => {
    const team = await people.newTeam("viewers");
    const page = await openAs(team, "VIEWER", `/projects/${team.projectId}/exports`, { expectedStatuses: [403] });
    await page.getByRole("heading", { name: "You have no right to see this" }).waitFor();
    const pages = page.getByRole("navigation", { name: "Pages" });
    expect(await pages.getByRole("link").allTextContents()).toEqual([
      "Overview",
      "Events",
      "Traces",
      "Observations",
      "Scores",
      "Sessions",
      "Models",
      "Limits",
    ]);
  });
});
