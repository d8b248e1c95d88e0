import { computed, shallowRef, watch } from "vue";

import { get, type Form } from "../api/ask";
import { me } from "../session";

export type Post = Form["Post"];
const EVERY_MS = 15_000;

/** One's own posts, and who holds each; asked for again now and then, and after each change. */
export const posts = shallowRef<Post[] | null>(null);
export const held = computed(() => posts.value?.filter((post) => post.holder?.name === me.value?.name) ?? []);
export const toSign = computed(() => posts.value?.filter((post) => post.offer && post.offer.by !== me.value?.name) ?? []);

export async function loadPosts(): Promise<void> {
  if (!me.value?.may.includes("shift")) return;
  posts.value = (await get("/api/shift")).posts;
}

export function followPosts(): () => void {
  const look = () => void loadPosts().catch(() => undefined);
  const timer = setInterval(look, EVERY_MS);
  const stop = watch(me, look, { immediate: true });
  return () => {
    clearInterval(timer);
    stop();
  };
}
