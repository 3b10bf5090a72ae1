/** Browser and system in words, from what the browser says of itself: `Firefox on Windows`. Only a hint: anyone can say anything. */
const browsers = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;
const systems = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["Linux", "Linux"],
] as const;

export const agentText = (userAgent: string | null): string => {
  const found = (names: readonly (readonly [string, string])[]) => names.find(([mark]) => userAgent?.includes(mark))?.[1];
  const [browser, system] = [found(browsers), found(systems)];
  if (browser === undefined) return userAgent?.slice(0, 60) || "Unknown";
  return system === undefined ? browser : `${browser} on ${system}`;
};
