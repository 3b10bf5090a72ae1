/** The project that was open last in this browser. */
const key = "spillway:project";

export const rememberedProject = (): string | null => localStorage.getItem(key);
export const rememberProject = (projectId: string): void => localStorage.setItem(key, projectId);
