import { computed, shallowRef, watch } from "vue";

import { get, post, type Form } from "../api/ask";
import { me } from "../session";
import { posts } from "./shift";

/** Calls that were taken at one's posts and wait to be settled. */
export type HotlineCall = Form["HotlineCall"];
export const calls = shallowRef<HotlineCall[] | null>(null);
export const oldest = computed(() => calls.value?.[0] ?? null);
const EVERY_MS = 5_000;

export function mayTake(): boolean {
  return me.value?.may.includes("hotline") ?? false;
}

export async function loadCalls(): Promise<void> {
  if (mayTake()) calls.value = (await get("/api/hotline", {}, { state: "open", limit: 100 })).calls;
}

/** A post where calls are taken: its area, or the topmost ones for who is at the county's. */
export interface Centre {
  id: number;
  name: string;
}

export async function centres(): Promise<Centre[]> {
  const known = posts.value ?? (await get("/api/shift")).posts;
  const own = known.filter((one) => one.area !== null).map((one) => ({ id: one.area!, name: one.area_name }));
  if (!known.some((one) => one.area === null)) return own;
  const top = (await get("/api/areas")).areas.map(({ id, name }) => ({ id, name }));
  return [...top, ...own.filter((one) => !top.some((other) => other.id === one.id))];
}

export async function take(area: number, number: string): Promise<HotlineCall> {
  const taken = await post("/api/hotline", {}, { area, number });
  calls.value = [...(calls.value ?? []).filter((one) => one.id !== taken.id), taken];
  return taken;
}

export function settled(id: number): void {
  calls.value = calls.value?.filter((one) => one.id !== id) ?? null;
}

export function followCalls(): () => void {
  const look = () => void loadCalls().catch(() => undefined);
  const timer = setInterval(() => document.visibilityState === "visible" && look(), EVERY_MS);
  const stop = watch(me, look, { immediate: true });
  return () => {
    clearInterval(timer);
    stop();
  };
}
