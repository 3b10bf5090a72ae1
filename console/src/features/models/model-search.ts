/** State of the list of models in its URL: whose models, the words searched for, the model that is open, and the name that is tried. */
import { oneOf, textOf } from "../../app/search-params.ts";

export const owners = ["own", "builtin"] as const;
export type Owner = (typeof owners)[number];

export type ModelSearch = { owner?: Owner; text?: string; model?: string; name?: string };

export const modelSearch = (search: Record<string, unknown>): ModelSearch => {
  const owner = oneOf(search, "owner", owners);
  const [text, model, name] = [textOf(search, "text"), textOf(search, "model"), textOf(search, "name")];
  return { ...(owner && { owner }), ...(text && { text }), ...(model && { model }), ...(name && { name }) };
};
