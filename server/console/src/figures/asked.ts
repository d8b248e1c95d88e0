import { computed, ref, shallowRef, watch } from "vue";

import { get, type Form } from "../api/ask";
import { inWords } from "../api/problem";
import { go, route } from "../route";
import { me } from "../session";
import { dayOf, parseView, viewId, type Kind, type View } from "./period";

/** Figures of the view in this page's address, their definitions, and the way down to the area. A newer question's answer
 * wins; the former stays until it is there. */
export function useFigures(page: string, kind: Kind, today = dayOf(Date.now())) {
  const view = computed<View>(() => {
    const said = parseView(route.value.id, today, kind);
    return { ...said, area: said.area ?? ownArea() };
  });
  const data = shallowRef<Form["FiguresView"] | null>(null);
  const definitions = shallowRef<Form["DefinitionView"][]>([]);
  const path = shallowRef<Form["AreaName"][]>([]);
  const failure = ref<{ happened: string; todo: string } | null>(null);
  const busy = ref(false);
  let asking = 0;

  async function load(): Promise<void> {
    const mine = ++asking;
    const { area, kind: of, day } = view.value;
    busy.value = true;
    try {
      const [found, known] = await Promise.all([
        get("/api/figures", {}, { kind: of, day, area: area ?? undefined }),
        definitions.value.length ? definitions.value : get("/api/figures/definitions"),
      ]);
      const way = me.value?.may.includes("area.see") ? await get("/api/areas", {}, { parent: found.own.area }).catch(() => null) : null;
      if (mine !== asking) return;
      [data.value, definitions.value, failure.value] = [found, known, null];
      path.value = way?.path ?? [{ id: found.own.area, level: found.own.level as Form["AreaName"]["level"], name: found.own.name, code: found.own.code, police: false }];
    } catch (error) {
      if (mine === asking) [data.value, failure.value] = [null, inWords(error)];
    } finally {
      if (mine === asking) busy.value = false;
    }
  }
  function show(next: Partial<View>): void {
    go(page, viewId({ ...view.value, ...next }));
  }
  watch(() => (route.value.page === page ? viewId(view.value) : null), (id) => id !== null && void load(), { immediate: true });
  return { view, data, definitions, path, failure, busy, load, show };
}

/** null: the whole county is somebody's, else the first area of theirs. */
export function ownArea(): number | null {
  const roles = me.value?.roles ?? [];
  return roles.some((one) => one.area === null && !one.site) ? null : (roles.find((one) => one.area !== null)?.area ?? null);
}
