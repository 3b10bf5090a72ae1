/** Places of a loop that one project may not fill alone: one is left to the others, however much of its work waits and however long each piece takes. */

export type ProjectPlaces = {
  /** Projects that have all they may have. */
  full: () => string[];
  began: (projectId: string) => void;
  ended: (projectId: string) => void;
};

/** A loop with a single place leaves none. */
export const createProjectPlaces = (places: number): ProjectPlaces => {
  const ownMax = Math.max(1, places - 1);
  const running = new Map<string, number>();
  return {
    full: () => [...running].flatMap(([projectId, count]) => (places > 1 && count >= ownMax ? [projectId] : [])),
    began: (projectId) => void running.set(projectId, (running.get(projectId) ?? 0) + 1),
    ended: (projectId) => {
      const left = (running.get(projectId) ?? 0) - 1;
      if (left > 0) running.set(projectId, left);
      else running.delete(projectId);
    },
  };
};
