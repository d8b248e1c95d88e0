import { onUnmounted, ref } from "vue";

import type { Form } from "../api/ask";
import { ask, send, type Said } from "../phone/send";
import { setCountyTime } from "../time/clock";

export type Home = Form["Home"];
export type FaultKind = Form["FaultReport"]["what"];
type Door = Form["Door"];

const WAITING_MS = 2_000;

/** The page of one code: who this phone is there, and what it may see. */
export function useDoor(code: string) {
  const base = `/api/house/${encodeURIComponent(code)}`;
  const door = ref<Door | null>(null);
  const home = ref<Home | null>(null);
  const state = ref<"loading" | "open" | "offline" | "gone">("loading");
  const refused = ref("");
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function look(): Promise<void> {
    clearTimeout(timer);
    const said = await ask<Door>(base);
    if (said.status === 404) state.value = "gone";
    else if (!said.body) {
      if (state.value === "loading") state.value = "offline";
      if (door.value && door.value.standing === "waiting") timer = setTimeout(() => void look(), WAITING_MS);
    } else await came(said.body);
  }

  async function came(found: Door): Promise<void> {
    setCountyTime(found.now);
    door.value = found;
    state.value = "open";
    if (found.standing === "waiting") timer = setTimeout(() => void look(), WAITING_MS);
    if (found.standing === "paired" || found.standing === "family") await load();
  }

  async function load(): Promise<void> {
    const said = await ask<Home>(`${base}/home`);
    if (said.body) home.value = said.body;
    else if (said.status === 403) home.value = null;
  }

  async function pair(): Promise<void> {
    refused.value = "";
    const said = await send<Door>("POST", `${base}/pair`, {});
    if (said.body) await came(said.body);
    else refused.value = `${said.error}${said.todo ? `。${said.todo}` : ""}`;
  }

  /** Something that answers with the page as it is afterwards. */
  async function change(path: string, body: Record<string, unknown>): Promise<boolean> {
    const said = await send<Home>("POST", `${base}${path}`, body);
    if (said.body?.changes && !said.body.phones.some((one) => one.mine)) {
      home.value = null; // it ended its own pairing: a stranger again, who sees the door
      await look();
    } else if (said.body) home.value = said.body;
    refused.value = said.body ? "" : `${said.error}${said.todo ? `。${said.todo}` : ""}`;
    return said.body !== null;
  }

  function report(what: FaultKind, words: string): Promise<Said<unknown>> {
    return send("POST", `${base}/faults`, { what, words });
  }

  void look();
  onUnmounted(() => clearTimeout(timer));
  return { door, home, state, refused, look, load, pair, change, report };
}
