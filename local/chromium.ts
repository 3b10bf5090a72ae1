/**
 * Chromium for browser tests and benchmarks. SPILLWAY_TEST_CHROMIUM names one that is installed; without it, Linux on x64 takes the one of the package
 * @sparticuz/chromium, unpacked once into node_modules/.cache (about 4 s, 210 MB). Its version is the one that the pinned playwright-core expects.
 */
import { spawnSync } from "node:child_process";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { brotliDecompressSync, createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { repositoryRoot } from "./service.ts";

type ChromiumBinary = {
  executablePath: string;
  /** The package brings a font, so that pages look the same everywhere. */
  env: Record<string, string>;
};

/** Web security and the sandboxing of sites stay on; only what a container lacks is left out. */
const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none", "--hide-scrollbars"];

export const launchChromium = async (): Promise<Browser> => {
  const { executablePath, env } = await chromiumBinary();
  return chromium.launch({ executablePath, args, env: { ...process.env, ...env } });
};

/** What a page of the console is looked at with. The locale of the machine may be none that a browser has. */
export const pageOptions = { viewport: { width: 1360, height: 860 }, locale: "en-US" };

const packageDir = join(repositoryRoot, "node_modules", "@sparticuz", "chromium");

/** Raised when unpacking writes something else, so that a folder from before is not taken for it. */
const layout = 2;

const chromiumBinary = async (): Promise<ChromiumBinary> => {
  const installed = process.env["SPILLWAY_TEST_CHROMIUM"];
  if (installed) return { executablePath: installed, env: {} };
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error("The package brings a Chromium for Linux on x64 only. Set SPILLWAY_TEST_CHROMIUM to the path of an installed one.");
  const { version } = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8")) as { version: string };
  const dir = join(repositoryRoot, "node_modules", ".cache", `chromium-${version}-${layout}`);
  if (!existsSync(dir)) await unpackTo(dir);
  return { executablePath: join(dir, "chromium"), env: { FONTCONFIG_FILE: join(dir, "fonts.conf") } };
};

/** Unpacks beside and renames: another worker never finds half a browser. The one that comes second drops its own. */
const unpackTo = async (dir: string): Promise<void> => {
  mkdirSync(join(dir, ".."), { recursive: true });
  const fresh = mkdtempSync(`${dir}-`);
  await pipeline(
    createReadStream(join(packageDir, "bin", "chromium.br")),
    createBrotliDecompress({ chunkSize: 2 ** 21 }),
    createWriteStream(join(fresh, "chromium"), { mode: 0o755 }),
  );
  const fonts = brotliDecompressSync(readFileSync(join(packageDir, "bin", "fonts.tar.br")));
  const { status, stderr } = spawnSync("tar", ["-x", "-C", fresh], { input: fonts });
  if (status !== 0) throw new Error(`The fonts could not be unpacked: ${stderr}`);
  writeFileSync(join(fresh, "fonts.conf"), fontsConfig(dir));
  try {
    renameSync(fresh, dir);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  }
};

const fontsConfig = (dir: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${dir}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${dir}/fonts-cache</cachedir>
  ${["system-ui", "sans-serif"].map((family) => `<alias binding="strong"><family>${family}</family><prefer><family>Open Sans</family></prefer></alias>`).join("\n  ")}
</fontconfig>
`;
