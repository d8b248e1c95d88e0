import { computed, ref, shallowRef } from "vue";

import { api } from "../api/client";
import type { Card, Notice } from "../api/types";
import { withCard, type Split } from "../incident/merge";
import { closedOrder, inOrder, isWaiting } from "../incident/order";
import { whoAmI } from "../session";
import { setCountyTime } from "../time/clock";
import { feedStep, OFF, type Feed, type FeedEffect, type FeedEvent } from "./machine";
import { openStream } from "./stream";

/** Runs the feed machine on the real stream and keeps the lists that it fills. Started once, by App. */
export const feed = shallowRef<Feed>(OFF);
export const loaded = ref(false);
export const notices = shallowRef<Notice[]>([]);
const lists = shallowRef<Split>({ open: [], closed: [] });

export const queue = computed(() => inOrder(lists.value.open));
export const closed = computed(() => closedOrder(lists.value.closed));
export const waiting = computed(() => queue.value.filter(isWaiting).length);

const OPEN_LIMIT = 1000;
const CLOSED_LIMIT = 100;
const NOTICES_KEPT = 50;
const TICK_MS = 500;

let close: () => void = () => undefined;
let ticking: ReturnType<typeof setInterval> | undefined;
let generation = 0; // what an earlier load brings, or an earlier stream says, is not ours any more

export function startFeed(): void {
  ticking ??= setInterval(() => step({ kind: "tick" }), TICK_MS);
  step({ kind: "start" });
}

export function stopFeed(): void {
  clearInterval(ticking);
  ticking = undefined;
  step({ kind: "stop" });
  loaded.value = false;
  lists.value = { open: [], closed: [] };
}

/** A card from elsewhere than the feed: the reply to an answer. */
export function takeCard(card: Card): void {
  lists.value = withCard(lists.value, card);
}

/** Do it now instead of at the next try; for the button "try again". */
export function tryNow(): void {
  if (feed.value.phase === "lost") feed.value = { ...feed.value, retryAt: Date.now() };
  step({ kind: "tick" });
}

function step(event: FeedEvent): void {
  const [next, effects] = feedStep(feed.value, event, Date.now());
  feed.value = next;
  effects.forEach(run);
}

function run(effect: FeedEffect): void {
  if (effect === "load") void load();
  else if (effect === "probe") void whoAmI().catch(() => undefined);
  else {
    close();
    close = () => undefined;
    generation += 1;
    if (effect === "connect") close = connect(generation);
  }
}

async function load(): Promise<void> {
  const mine = ++generation;
  try {
    // The open list first: its cursor is the older one, so nothing between the two requests is missed.
    const open = await api.incidents("open", OPEN_LIMIT);
    const done = await api.incidents("closed", CLOSED_LIMIT);
    if (mine !== generation) return;
    setCountyTime(done.now);
    lists.value = { open: open.incidents, closed: done.incidents };
    loaded.value = true;
    step({ kind: "loaded", cursor: open.cursor });
  } catch {
    if (mine === generation) step({ kind: "load failed" });
  }
}

function connect(mine: number): () => void {
  const heard = (cursor: string) => step({ kind: "heard", cursor });
  const ifMine = (act: () => void) => {
    if (mine === generation) act();
  };
  return openStream(feed.value.cursor, {
    opened: () => ifMine(() => step({ kind: "opened" })),
    incident: (card, cursor) =>
      ifMine(() => {
        takeCard(card);
        heard(cursor);
      }),
    notice: (notice, cursor) =>
      ifMine(() => {
        notices.value = [notice, ...notices.value].slice(0, NOTICES_KEPT);
        heard(cursor);
      }),
    ping: (now, cursor) =>
      ifMine(() => {
        setCountyTime(now);
        heard(cursor);
      }),
    reset: () => ifMine(() => step({ kind: "reset" })),
    error: () => ifMine(() => step({ kind: "error" })),
  });
}
