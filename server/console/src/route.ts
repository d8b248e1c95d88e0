import { ref } from "vue";

/** The page's address behind the #: `#/queue`, `#/queue/<incident id>`, `#/closed/<id>`, `#/devices`, `#/quarantine`. */
export type PageName = "queue" | "closed" | "devices" | "quarantine";

export interface Route {
  page: PageName;
  id: string | null;
}

const PAGES: PageName[] = ["queue", "closed", "devices", "quarantine"];

export function parseRoute(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, "").split("/");
  return { page: PAGES.find((one) => one === page) ?? "queue", id: id ? decodeURIComponent(id) : null };
}

export const route = ref<Route>(parseRoute(location.hash));

export function href(page: PageName, id?: string): string {
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}`;
}

export function go(page: PageName, id?: string): void {
  location.hash = href(page, id);
}

export function startRouting(): void {
  addEventListener("hashchange", () => (route.value = parseRoute(location.hash)));
}
