import { computed, ref, shallowRef } from "vue";

import { api } from "../api/client";
import type { Card, Notice, Passed } from "../api/types";
import { NONE, withCards, type Split } from "../incident/merge";
import { closedOrder, countWaiting, inOrder } from "../incident/order";
import { withPassed } from "../incident/passed";
import { whoAmI } from "../session";
import { setCountyTime } from "../time/clock";
import { feedStep, OFF, type Feed, type FeedEffect, type FeedEvent } from "./machine";
import { openStream } from "./stream";

/** Runs the feed machine on the real stream and keeps the lists that it fills. Started once, by App. */
export const feed = shallowRef<Feed>(OFF);
export const loaded = ref(false);
export const notices = shallowRef<Notice[]>([]);
/** Alarms that were passed on to another post, the last time of each: by the list, and since then by the feed. */
export const passedOn = shallowRef<ReadonlyMap<string, Passed>>(new Map());
const lists = shallowRef<Split>(NONE);
/** Older open ones are still being fetched, page by page. */
export const fetching = ref(false);

export const queue = computed(() => lists.value.open);
export const closed = computed(() => lists.value.closed);
export const waiting = computed(() => countWaiting(queue.value));

const PAGE = 500;
const CLOSED_LIMIT = 100;
const NOTICES_KEPT = 50;
const TICK_MS = 500;
const REST_RETRY_MS = 1000;

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
  rest += 1;
  fetching.value = false;
  loaded.value = false;
  lists.value = NONE;
  passedOn.value = new Map();
  heard = [];
}

/** A card from elsewhere than the feed: the reply to an answer. */
export function takeCard(card: Card): void {
  take([card]);
}

function take(cards: readonly Card[]): void {
  lists.value = withCards(lists.value, cards);
}

function takePassed(told: readonly Passed[]): void {
  if (told.length) passedOn.value = withPassed(passedOn.value, told);
}

// One card is shown at once; where they come by the hundred, those of a moment are shown together.
const TOGETHER_MS = 50;
let heard: Card[] = [];
let shownAt = 0;

function hear(card: Card): void {
  heard.push(card);
  if (heard.length > 1) return; // it is on its way
  const wait = shownAt + TOGETHER_MS - Date.now();
  if (wait <= 0) show();
  else setTimeout(show, wait);
}

function show(): void {
  const cards = heard;
  heard = [];
  shownAt = Date.now();
  if (cards.length) take(cards);
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
    // The first page of the open list first: its cursor is the oldest, so nothing between the requests is missed.
    const open = await api.incidents("open", PAGE);
    const done = await api.incidents("closed", CLOSED_LIMIT);
    if (mine !== generation) return;
    setCountyTime(done.now);
    lists.value = { open: inOrder(open.incidents), closed: closedOrder(done.incidents) };
    takePassed(open.passed);
    loaded.value = true;
    // The rest comes while the stream runs, which ends this load's generation: its end is the lists' end.
    const of = (rest += 1);
    step({ kind: "loaded", cursor: open.cursor });
    void loadRest(open.more, of);
  } catch {
    if (mine === generation) step({ kind: "load failed" });
  }
}

let rest = 0;

/** The older open ones. What the feed says of them meanwhile is newer, and stays. */
async function loadRest(more: string | undefined, of: number): Promise<void> {
  fetching.value = Boolean(more);
  while (more && of === rest) {
    try {
      const page = await api.incidents("open", PAGE, more);
      if (of !== rest) return;
      take(page.incidents);
      takePassed(page.passed);
      more = page.more;
    } catch {
      if (feed.value.phase === "off") return;
      await new Promise((again) => setTimeout(again, REST_RETRY_MS));
    }
  }
  if (of === rest) fetching.value = false;
}

function connect(mine: number): () => void {
  const seen = (cursor: string) => step({ kind: "heard", cursor });
  const ifMine = (act: () => void) => {
    if (mine === generation) act();
  };
  return openStream(feed.value.cursor, {
    opened: () => ifMine(() => step({ kind: "opened" })),
    incident: (card, cursor) =>
      ifMine(() => {
        hear(card);
        seen(cursor);
      }),
    notice: (notice, cursor) =>
      ifMine(() => {
        notices.value = [notice, ...notices.value].slice(0, NOTICES_KEPT);
        seen(cursor);
      }),
    passed: (passed, cursor) =>
      ifMine(() => {
        takePassed([passed]);
        seen(cursor);
      }),
    ping: (now, cursor) =>
      ifMine(() => {
        setCountyTime(now);
        seen(cursor);
      }),
    reset: () => ifMine(() => step({ kind: "reset" })),
    error: () => ifMine(() => step({ kind: "error" })),
  });
}
