import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// The grid worker's phone (/m) and the household's page (/h): old phones and WeChat's browser, hence the older target.
// Built after the console, into the same folder. Nothing is loaded later: what was fetched once works in a valley.
export default defineConfig({
  plugins: [vue()],
  publicDir: "phone-files",
  build: {
    outDir: "../heartlamp_server/console/static",
    emptyOutDir: false,
    target: "chrome70",
    cssTarget: "chrome70",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rollupOptions: { input: { phone: "phone.html", house: "house.html" } },
  },
} as Parameters<typeof defineConfig>[0]);
