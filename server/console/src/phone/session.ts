import { ref } from "vue";

import type { Form } from "../api/ask";
import { ask, send, type Said } from "./send";

type Me = Form["Me"];

const KEPT = "heartlamp.phone.me";

/** undefined: not known yet; null: nobody is signed in. In a valley it is who was last: what is tapped there is of them,
 * and is sent when the county says that they still are. */
export const me = ref<Me | null | undefined>(undefined);

export async function whoAmI(): Promise<void> {
  const said = await ask<Me>("/api/me");
  if (said.body) take(said.body);
  else if (said.status === 401) {
    localStorage.removeItem(KEPT);
    me.value = null;
  } else if (me.value === undefined) me.value = last();
}

export async function signIn(name: string, password: string, code: string): Promise<Said<Me>> {
  const said = await send<Me>("POST", "/api/login", { name, password, code });
  if (said.body) take(said.body);
  return said;
}

export async function signOut(): Promise<void> {
  await send("POST", "/api/logout", {});
  localStorage.removeItem(KEPT);
  me.value = null;
}

export function may(action: string): boolean {
  return !!me.value && me.value.may.indexOf(action) >= 0;
}

function take(found: Me): void {
  me.value = found;
  localStorage.setItem(KEPT, JSON.stringify(found));
}

function last(): Me | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT) || "null") as Me | null;
  } catch {
    return null;
  }
}
