import { onUnmounted, ref, watch } from "vue";

import { get, post, type Form } from "../api/ask";
import { me } from "../session";

type Presence = Form["Presence"];
const EVERY_MS = 20_000;
const STAFFING = ["operator", "commander"];

/** Asks the county now and then whether it wants to know that somebody is here; any key or touch says yes. */
export function usePresence() {
  const asked = ref<Presence | null>(null);
  let answering = false;

  async function look(): Promise<void> {
    if (!me.value?.roles?.some((held) => STAFFING.includes(held.role)) || answering) return;
    const said = await get("/api/presence").catch(() => null);
    if (said && !answering) asked.value = said.asked ? said : null;
  }

  async function answer(): Promise<void> {
    if (answering || !asked.value) return;
    answering = true;
    try {
      const said = await post("/api/presence", {}, {});
      asked.value = said.asked ? said : null;
    } catch {
      // the dialog stays, and the next key tries again
    } finally {
      answering = false;
    }
  }

  const timer = setInterval(() => void look(), EVERY_MS);
  watch(me, () => void look(), { immediate: true });
  onUnmounted(() => clearInterval(timer));
  return { asked, answer };
}
