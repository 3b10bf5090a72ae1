/** The console for one file of tests: a stack, a browser, and people who are signed in. */
import type { Page } from "playwright-core";
import type { Role } from "../../core/auth/scopes.ts";
import { localOwner } from "../../local/stack-secrets.ts";
import { type OpenOptions, useChromium } from "./chromium.ts";
import { type Team, usePeople } from "./people.ts";
import type { TestStackOptions } from "./start-test-stack.ts";
import { useWholeStack } from "./whole-stack.ts";

/** Called once, at the top of a file. */
export const useConsole = (options: TestStackOptions = {}) => {
  const whole = useWholeStack(options);
  const chromium = useChromium();
  const people = usePeople({ db: whole.db, apiUrl: () => whole.stack().apiUrl });
  /** Signs in without a page, and opens the path with the cookie of the session. */
  const openSignedIn = async (email: string, path: string, open: OpenOptions): Promise<Page> => {
    const { apiUrl } = whole.stack();
    const { cookies } = await people.signIn({ email });
    return chromium.open(`${apiUrl}${path}`, { ...open, cookies: [...cookies].map(([name, value]) => ({ name, value, url: apiUrl })) });
  };
  return {
    whole,
    chromium,
    people,
    /** A page of the console as the owner of the stack's project sees it: that of its exports, unless another path is given. */
    openAsOwner: (path = `/projects/${whole.stack().projectId}/exports`, open: OpenOptions = {}): Promise<Page> =>
      openSignedIn(localOwner, path, open),
    openSignedIn,
    /** Opens a sign-in link as its reader does: the page asks before it uses the link up. */
    openLink: async (link: string, open: OpenOptions = {}): Promise<Page> => {
      const page = await chromium.open(`${whole.stack().apiUrl}${link}`, open);
      await page.getByRole("button", { name: "Sign in" }).click();
      return page;
    },
    /** The same for somebody with a role in a team. */
    openAs: async (team: Team, role: Role, path = "/", open: OpenOptions = {}): Promise<Page> =>
      openSignedIn((await people.join(team, role)).email, path, open),
  };
};
