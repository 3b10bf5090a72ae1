/** Tells addresses of this machine from others: only there may sessions and sign-in travel without encryption. */

export const isLoopbackUrl = (url: string): boolean => /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);

/** Returns what is wrong with an address that people sign in at or by; undefined if nothing. */
export const plainAddressProblem = (url: string): string | undefined =>
  new URL(url).protocol === "https:" || isLoopbackUrl(url)
    ? undefined
    : "must begin with https://, except on this machine (127.0.0.1, localhost)";
