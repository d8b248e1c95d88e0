import { dialog, helpOpen, move, sayBySelection, selectedId } from "./desk";
import { go, route } from "./route";

/** Keys of the watch page. Keys with Ctrl, Alt or Meta are the browser's; keys within a field are the field's. */
export function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog")) return;
  if (dialog.value || helpOpen.value) return;
  if (event.key === "?") {
    helpOpen.value = true;
    return;
  }
  if (route.value.page !== "queue") return;
  const act = WATCH[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

const WATCH: Record<string, () => void> = {
  j: () => move(1),
  ArrowDown: () => move(1),
  k: () => move(-1),
  ArrowUp: () => move(-1),
  a: () => sayBySelection("accepted"),
  c: () => sayBySelection("coming"),
  r: () => sayBySelection("arrived"),
  x: () => sayBySelection("closed"),
};

/** Enter on a card opens it where list and detail do not fit side by side. */
export function openSelected(): void {
  if (selectedId.value) go("queue", selectedId.value);
}
