/**
 * Declares what the Worker uses of Node's modules, which the flag `nodejs_compat` in wrangler.toml provides. Any other use of Node fails to
 * compile.
 */
declare module "node:crypto" {
  export const createHash: (algorithm: "sha256") => { update(text: string): { digest(encoding: "hex"): string } };
}
