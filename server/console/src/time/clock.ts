import { ref } from "vue";

/** The county's clock, as this screen knows it: ours, corrected by what the server last said. Ticks each second. */
let ahead = 0; // county minus ours, ms

export const now = ref(Date.now());

/** Takes the county's time out of an answer or a ping. An operator's PC that is an hour wrong counts right all the same. */
export function setCountyTime(iso: string): void {
  const said = Date.parse(iso);
  if (Number.isNaN(said)) return;
  ahead = said - Date.now();
  now.value = said;
}

export function startClock(): void {
  setInterval(() => (now.value = Date.now() + ahead), 1000);
}
