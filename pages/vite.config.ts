import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { defineConfig, type Plugin } from "vite";

const strictDocument = fileURLToPath(new URL("src/strict-document.ts", import.meta.url));

/** Gives xterm.js the strict document in place of the global one, which it takes for its rows and scroll bar whatever `documentOverride` says. */
const strictTerminal: Plugin = {
  name: "strict-terminal",
  transform: {
    filter: { id: /\/@xterm\/xterm\/lib\/xterm\.mjs$/ },
    handler: (code) =>
      `import { strictDocument } from ${JSON.stringify(strictDocument)};\nconst document = strictDocument(globalThis.document);\n${code.replaceAll("window.document", "document")}`,
  },
};

/** uPlot asks for numbers of the browser's language when it is loaded, and does not load where that is none: Chromium under `LANG=C` says `en-US@posix`. */
const chartNumbers: Plugin = {
  name: "chart-numbers",
  transform: {
    filter: { id: /\/uplot\/dist\/uPlot\.esm\.js$/ },
    handler(code) {
      const mended = code.replaceAll("nav.language", '"en"');
      if (mended === code) this.error("uPlot no longer asks for the browser's language: this is not needed any more");
      return mended;
    },
  },
};

/** `vite build pages` makes `pages/dist`: no inline script or style, as the Content-Security-Policy demands. */
export default defineConfig({
  plugins: [preact({ devToolsEnabled: false }), strictTerminal, chartNumbers],
  build: { outDir: "dist", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
