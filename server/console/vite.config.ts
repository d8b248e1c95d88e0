import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

import { favicons } from "./plugins/favicons.ts";

// Where `npm run dev` finds a running county server.
const server = "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement: (tag) => tag === "esp-web-install-button" } } }), favicons()],
  build: {
    outDir: "../heartlamp_server/console/static",
    emptyOutDir: true,
    target: "es2022",
    // Everything is a file of our own origin: the page's CSP allows neither data: nor inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rollupOptions: { input: ["index.html", "wall.html", "flash.html"] },
  },
  server: { proxy: { "/api": server } },
  test: { include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
