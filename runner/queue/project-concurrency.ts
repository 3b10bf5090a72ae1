/** Keeps one project from filling a loop: one of the loop's runs always stays free for other projects. */

export type ProjectConcurrency = {
  /** Lists the projects that may not start another job. */
  atLimit: () => string[];
  began: (projectId: string) => void;
  ended: (projectId: string) => void;
};

/** `concurrency`: how many jobs the loop runs at once. With 1, projects are not limited. */
export const createProjectConcurrency = (concurrency: number): ProjectConcurrency => {
  const ownMax = Math.max(1, concurrency - 1);
  const running = new Map<string, number>();
  return {
    atLimit: () => [...running].flatMap(([projectId, count]) => (concurrency > 1 && count >= ownMax ? [projectId] : [])),
    began: (projectId) => void running.set(projectId, (running.get(projectId) ?? 0) + 1),
    ended: (projectId) => {
      const left = (running.get(projectId) ?? 0) - 1;
      if (left > 0) running.set(projectId, left);
      else running.delete(projectId);
    },
  };
};
