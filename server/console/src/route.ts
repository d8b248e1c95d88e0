import { ref } from "vue";

import { ROOMS } from "./rooms";

/** The page's address behind the #: `#/<page>` or `#/<page>/<id>`; the pages are those of the rooms. */
export interface Route {
  page: string;
  id: string | null;
}

const HOME = "queue";

export function parseRoute(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, "").split("/");
  const known = ROOMS.some((room) => room.pages.some((one) => one.name === page));
  return { page: known && page ? page : HOME, id: id ? decodeURIComponent(id) : null };
}

export const route = ref<Route>(parseRoute(location.hash));

export function href(page: string, id?: string): string {
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}`;
}

export function go(page: string, id?: string): void {
  location.hash = href(page, id);
}

export function startRouting(): void {
  addEventListener("hashchange", () => (route.value = parseRoute(location.hash)));
}
