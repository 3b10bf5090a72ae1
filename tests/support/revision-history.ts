/** A random history of rows: revisions, tombstones, re-keyed rows and deletions, and what each window on write time must contain of it. */

export const historyTables = ["traces", "scores"] as const;
export type HistoryTable = (typeof historyTables)[number];

/** `label`: unique per revision; the name of a trace, the comment of a score. */
export type Version = { table: HistoryTable; id: string; label: string; timeMs: number; writtenMs: number; isDeleted: boolean };
export type Deletion = { table: HistoryTable; id: string; deletedMs: number };
/** Versions as they were written; those that a deletion has removed are not among them. */
export type History = { versions: Version[]; deletions: Deletion[] };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The versions that one write makes. A row under another sort key is marked as deleted under the old one with the same version. */
export const nextVersions = (
  before: Version | undefined,
  { table, id, writtenMs }: { table: HistoryTable; id: string; writtenMs: number },
  random: () => number,
): Version[] => {
  const version = { table, id, writtenMs, label: `${id}@${writtenMs}`, timeMs: before?.timeMs ?? writtenMs - hourMs, isDeleted: false };
  if (before === undefined) return [version];
  const chance = random();
  if (chance < 0.12) return [{ ...version, isDeleted: true }];
  if (chance < 0.35)
    return [
      { ...version, timeMs: before.timeMs - dayMs * (1 + Math.floor(random() * 40)) },
      { ...version, isDeleted: true },
    ];
  return [version];
};

/** `hours` of writes that end before `endMs`, many of them on full hours and some close together. Scores are never removed. */
export const createHistory = (random: () => number, { endMs, hours, ids }: { endMs: number; hours: number; ids: number }): History => {
  const versions: Version[] = [];
  const deletions: Deletion[] = [];
  const startMs = endMs - hours * hourMs;
  const instant = () => {
    const ms = startMs + Math.floor(random() * hours * hourMs);
    const chance = random();
    if (chance < 0.2) return Math.floor(ms / hourMs) * hourMs;
    return chance < 0.25 ? Math.floor(ms / hourMs) * hourMs + hourMs - 1 : ms;
  };
  for (const table of historyTables)
    for (let n = 0; n < ids; n++) {
      const id = `${table}-${n}`;
      const instants = new Set<number>([n === 0 ? startMs : instant()]);
      for (let more = Math.floor(random() * 14); more > 0; more--) {
        const ms = instant();
        instants.add(ms).add(random() < 0.3 ? Math.min(ms + 1 + Math.floor(random() * 60_000), endMs - 1) : ms);
      }
      let own: Version[] = [];
      for (const writtenMs of [...instants].toSorted((a, b) => a - b)) {
        const live = own.findLast(({ isDeleted }) => !isDeleted) ?? own.at(-1);
        own.push(...nextVersions(live, { table, id, writtenMs }, random));
        if (table === "traces" && random() < 0.05 && writtenMs + 5 < endMs && !instants.has(writtenMs + 1)) {
          deletions.push({ table, id, deletedMs: writtenMs + 1 });
          own = [];
        }
      }
      versions.push(...own);
    }
  return { versions, deletions };
};

/** Later versions are greater; of equal ones the live one. */
const isNewer = (a: Version, b: Version | undefined) =>
  b === undefined || a.writtenMs > b.writtenMs || (a.writtenMs === b.writtenMs && b.isDeleted && !a.isDeleted);

/** The newest version of each row, by table and id. */
export const newestOf = (versions: readonly Version[]): Map<string, Version> => {
  const newest = new Map<string, Version>();
  for (const version of versions) {
    const key = `${version.table} ${version.id}`;
    if (isNewer(version, newest.get(key))) newest.set(key, version);
  }
  return newest;
};

export const within = (versions: readonly Version[], start: string, end: string): Version[] =>
  versions.filter(({ writtenMs }) => writtenMs >= Date.parse(start) && writtenMs < Date.parse(end));

const dayOf = (ms: number) => Math.floor(ms / dayMs);

/** Whether the engine may have merged away a version that was written then: a later one is under one of the same sort keys. */
export const isReplaceable = (versions: readonly Version[], { table, id, writtenMs }: Version): boolean => {
  const own = versions.filter((version) => version.table === table && version.id === id);
  const days = new Set(own.filter((version) => version.writtenMs === writtenMs).map(({ timeMs }) => dayOf(timeMs)));
  return own.some((version) => version.writtenMs > writtenMs && days.has(dayOf(version.timeMs)));
};
