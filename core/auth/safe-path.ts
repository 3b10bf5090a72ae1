/** Where people go after signing in: a path of the console, and never another site. */

const pathCharactersMax = 2000;

/**
 * Returns the path, or `/` for anything that a browser could take for an address of another site: `//evil.example`, `/\evil.example`,
 * `https:evil.example`, control characters that it leaves out.
 */
export const safePath = (next: string | undefined): string => {
  if (next === undefined || next.length > pathCharactersMax || !/^\/(?![/\\])[\x21-\x7e]*$/.test(next)) return "/";
  const url = new URL(next, "https://console.invalid");
  const path = `${url.pathname}${url.search}${url.hash}`;
  // Steps upwards can leave two slashes at the beginning: /.//evil.example.
  return url.origin === "https://console.invalid" && !/^\/[/\\]/.test(path) ? path : "/";
};
