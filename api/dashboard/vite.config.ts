import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const BUILT = "built";

/** Beside each text file lies its brotli form, so that the service compresses nothing while it serves. */
const compressed: Plugin = {
  name: "compressed",
  apply: "build",
  closeBundle() {
    const folder = join(import.meta.dirname, BUILT);
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!/\.(js|css|html|svg|json)$/.test(name)) continue;
      const file = join(folder, name);
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
      writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file), { params }));
    }
  },
};

/** `vite build` writes `built/`, which the service serves; `npm run dashboard` serves the sources beside a running service. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte({ configFile: false }), compressed],
  logLevel: "warn",
  server: {
    host: "127.0.0.1",
    proxy: { "/graphql": { target: "http://127.0.0.1:4000", ws: true }, "/demo-token": "http://127.0.0.1:4000" },
  },
  build: {
    outDir: BUILT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: { index: join(import.meta.dirname, "index.html") } },
  },
});
