/** Build of the console, and its development server (`npm run console:dev`), which sends what is no file of it to the local stack. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = process.env["SPILLWAY_API_URL"] ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    // The policy allows no `data:` scripts or fonts, and tests read which files belong to the first load.
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": api, "/docs": api, "/llms.txt": api } },
});
