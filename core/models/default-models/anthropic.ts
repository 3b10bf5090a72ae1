/** Default models: list prices of Anthropic, of the clouds that sell Claude at the same price, and of Bedrock where it charges more. */
import type { Model } from "../model.ts";
import { type Entry, type LongPrompt, model, onBedrock, type Prices } from "./price-entry.ts";

const claudeEntry = (name: string, since: string | null, dates: string[], prices: Prices, long?: LongPrompt): Entry => ({
  name: `claude-${name}`,
  since,
  suffix: `${dates.length === 0 ? "" : `([-@](${dates.join("|")}))?`}(-v\\d+(:\\d+)?)?`,
  prices,
  ...(long !== undefined && { long }),
});

/** One price everywhere: the maker's name, Vertex's (`@date`) and Bedrock's. */
const claude = (...entry: Parameters<typeof claudeEntry>): Model =>
  model({ ...claudeEntry(...entry), prefix: "(anthropic/)?((global\\.)?anthropic\\.)?" });

/**
 * Two prices: the maker's, which global endpoints charge, and Bedrock's for calls that stay within a geography. Vertex names do not reveal
 * the region.
 */
const claudeByRegion = (...entry: Parameters<typeof claudeEntry>): Model[] => [
  claude(...entry),
  onBedrock("anthropic", claudeEntry(...entry)),
];

const sonnet: Prices = { input: "3", cached: "0.3", write: ["3.75", "6"], output: "15" };
const opusFormer: Prices = { input: "15", cached: "1.5", write: ["18.75", "30"], output: "75" };
const opus: Prices = { input: "5", cached: "0.5", write: ["6.25", "10"], output: "25" };
/** Above 200,000 prompt tokens, while a window of a million was in preview: for Sonnet 4 and 4.5 until 2026-04-30, for 4.6 until 2026-03-13. */
const sonnetLong: LongPrompt = { above: 200_000, prices: { input: "6", cached: "0.6", write: ["7.5", "12"], output: "22.5" } };
const opusLong: LongPrompt = { above: 200_000, prices: { input: "10", cached: "1", write: ["12.5", "20"], output: "37.5" } };
const claude2: Prices = { input: "8", output: "24" };

/** https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11, and pydantic/genai-prices 0.1.8 for former prices. */
export const anthropicModels: Model[] = [
  claude("2", null, [], claude2),
  claude("2.0", null, [], claude2),
  claude("2.1", null, [], claude2),
  model({ name: "claude-v2", since: null, prefix: "(anthropic\\.)?", suffix: "(:\\d+)?", prices: claude2 }),
  claude("instant-1.2", null, [], { input: "0.8", output: "2.4" }),
  claude("instant", null, [], { input: "0.8", output: "2.4" }),
  claude("3-sonnet", "2024-03-04", ["20240229", "latest"], sonnet),
  claude("3-haiku", "2024-03-13", ["20240307"], { input: "0.25", cached: "0.03", write: ["0.3", "0.5"], output: "1.25" }),
  claude("3-opus", "2024-03-04", ["20240229", "latest"], opusFormer),
  claude("3-5-sonnet", "2024-06-20", ["20240620", "20241022", "latest"], sonnet),
  claude("3-5-haiku", null, ["20241022", "latest"], { input: "0.8", cached: "0.08", write: ["1", "1.6"], output: "4" }),
  claude("3-7-sonnet", "2025-02-24", ["20250219", "latest"], sonnet),
  claude("sonnet-4", "2025-05-22", ["0", "20250514", "latest"], sonnet, sonnetLong),
  claude("sonnet-4", "2026-04-30", ["0", "20250514", "latest"], sonnet),
  claude("opus-4", "2025-05-22", ["0", "20250514", "latest"], opusFormer),
  claude("opus-4-1", "2025-08-05", ["20250805", "latest"], opusFormer),
  ...claudeByRegion("sonnet-4-5", "2025-09-29", ["20250929", "latest"], sonnet, sonnetLong),
  ...claudeByRegion("sonnet-4-5", "2026-04-30", ["20250929", "latest"], sonnet),
  ...claudeByRegion("haiku-4-5", "2025-10-15", ["20251001", "latest"], { input: "1", cached: "0.1", write: ["1.25", "2"], output: "5" }),
  ...claudeByRegion("opus-4-5", "2025-11-24", ["20251101", "latest"], opus),
  ...claudeByRegion("opus-4-6", null, [], opus, opusLong),
  ...claudeByRegion("opus-4-6", "2026-03-13", [], opus),
  ...claudeByRegion("sonnet-4-6", null, [], sonnet, sonnetLong),
  ...claudeByRegion("sonnet-4-6", "2026-03-13", [], sonnet),
  ...claudeByRegion("opus-4-7", null, [], opus),
  ...claudeByRegion("opus-4-8", null, [], opus),
  ...claudeByRegion("sonnet-5", null, [], { input: "2", cached: "0.2", write: ["2.5", "4"], output: "10" }),
  ...claudeByRegion("opus-5", null, [], opus),
  ...claudeByRegion("fable-5", null, [], { input: "10", cached: "1", write: ["12.5", "20"], output: "50" }),
  ...claudeByRegion("mythos-5", null, [], { input: "10", cached: "1", write: ["12.5", "20"], output: "50" }),
  ...claudeByRegion("fable-5-1", null, [], { input: "10", cached: "0.25", write: ["12.5", "20"], output: "50" }),
  ...claudeByRegion("mythos-5-1", null, [], { input: "10", cached: "0.25", write: ["12.5", "20"], output: "50" }),
  ...claudeByRegion("sonnet-5-5", null, [], { input: "2", cached: "0.2", write: ["2.5", "4"], output: "10" }),
  ...claudeByRegion("sonnet-5-5", "2026-10-07", [], { input: "2", cached: "0.1", write: ["2.5", "4"], output: "10" }),
  ...claudeByRegion("opus-5-5", null, [], { input: "4", cached: "0.2", write: ["5", "8"], output: "20" }),
  ...claudeByRegion(
    "haiku-5-5",
    "2026-10-07",
    [],
    { input: "0.1", cached: "0.01", write: ["0.125", "0.2"], output: "0.5" },
    { above: 100_000, prices: { input: "0.5", cached: "0.05", write: ["0.625", "1"], output: "2.5" } },
  ),
];
