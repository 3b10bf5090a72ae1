/** Instants in answers: ISO 8601, or null if there is none. */
export const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
