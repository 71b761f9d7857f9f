import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

/** `vite build pages` makes `pages/dist`: no inline script or style, as the Content-Security-Policy demands. */
export default defineConfig({
  plugins: [preact({ devToolsEnabled: false })],
  build: { outDir: "dist", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
