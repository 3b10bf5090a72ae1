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
  return {
    whole,
    chromium,
    people,
    /** A page in which the owner of the stack's project has signed in, at `path` of the console. */
    openAsOwner: async (path = "/", open: OpenOptions = {}): Promise<Page> =>
      chromium.open(`${whole.stack().apiUrl}${await people.linkOf({ email: localOwner }, path)}`, open),
    /** The same for somebody with a role in a team of their own. */
    openAs: async (team: Team, role: Role, path = "/", open: OpenOptions = {}): Promise<Page> =>
      chromium.open(`${whole.stack().apiUrl}${await people.linkOf(await people.join(team, role), path)}`, open),
  };
};
