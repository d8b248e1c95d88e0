/** What the browser's tab says: the count first, because a tab shows little else. Pure. */
export function tabTitle(waiting: number, lost: boolean, words: { product: string; waiting: (n: number) => string; lost: string }): string {
  if (lost) return `${waiting ? `(${waiting}) ` : ""}${words.lost} · ${words.product}`;
  return waiting ? `(${waiting}) ${words.waiting(waiting)} · ${words.product}` : words.product;
}

/** Name of the favicon in /icon. */
export function tabIcon(waiting: number, lost: boolean): string {
  if (waiting > 9) return "more";
  if (waiting > 0) return String(waiting);
  return lost ? "lost" : "quiet";
}
