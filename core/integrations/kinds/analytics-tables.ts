/** Tables of the integrations that send events. `generations` are observations of that type. */
export const analyticsTables = ["traces", "generations", "scores", "events"] as const;
