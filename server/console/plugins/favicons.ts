import type { Plugin } from "vite";

/** Writes icon/<state>.svg: "quiet", "1" … "9", "more", "lost". Files and not data: URLs, because of the CSP. */
export function favicons(): Plugin {
  return {
    name: "favicons",
    generateBundle() {
      for (const state of ["quiet", "1", "2", "3", "4", "5", "6", "7", "8", "9", "more", "lost"])
        this.emitFile({ type: "asset", fileName: `icon/${state}.svg`, source: favicon(state) });
    },
  };
}

const LAMP =
  '<path d="M16 4c-5 0-8.500 3.700-8.500 8.300 0 3.100 1.700 5.200 3.300 6.900.9 1 1.200 1.700 1.200 2.800h8c0-1.100.3-1.800 1.200-2.800 1.600-1.700 3.300-3.800 3.300-6.900C24.500 7.700 21 4 16 4z" fill="#f5b83d"/><path d="M12.500 24h7v1.500a2.500 2.500 0 0 1-2.500 2.500h-2a2.500 2.500 0 0 1-2.500-2.500z" fill="#8a9099"/>';

function favicon(state: string): string {
  const open = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">';
  if (state === "quiet") return `${open}${LAMP}</svg>`;
  const text = state === "more" ? "9+" : state === "lost" ? "×" : state;
  const size = text.length > 1 ? 17 : 22;
  return `${open}<rect width="32" height="32" rx="8" fill="#d3202f"/><text x="16" y="${16 + size * 0.36}" font-family="sans-serif" font-size="${size}" font-weight="700" text-anchor="middle" fill="#fff">${text}</text></svg>`;
}
