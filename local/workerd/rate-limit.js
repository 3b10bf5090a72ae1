/**
 * Stands in for Cloudflare's rate-limit binding, with its interface: `limit({ key })` answers `{ success }`. Counts in fixed windows in the
 * memory of one workerd. Unlike Cloudflare's it is exact, and forgets everything at a restart.
 */
export default ({ limit, period }) => {
  const counts = new Map();
  let window = 0;
  return {
    limit: async ({ key }) => {
      const present = Math.floor(Date.now() / (period * 1000));
      if (present !== window) counts.clear();
      window = present;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return { success: count <= limit };
    },
  };
};
