import { ref } from "vue";

import { api, ApiError } from "./api/client";
import type { Me } from "./api/types";

/** undefined: not known yet; null: nobody is logged in. */
export const me = ref<Me | null | undefined>(undefined);
/** The login ended while somebody was on watch: the login page says so. */
export const expired = ref(false);

/** Asks the server who we are. Leaves `me` alone when the server does not answer. */
export async function whoAmI(): Promise<void> {
  try {
    me.value = await api.me();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    if (me.value) expired.value = true;
    me.value = null;
  }
}

export async function login(name: string, password: string, code: string): Promise<void> {
  me.value = await api.login(name, password, code);
  expired.value = false;
}

export async function logout(): Promise<void> {
  await api.logout().catch(() => undefined); // the cookie may be gone already
  me.value = null;
}
