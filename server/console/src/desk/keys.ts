import { dialog, helpOpen, move, sayBySelection, selectedId } from "./desk";
import { route } from "../route";

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
  j: () => moveTo(1),
  ArrowDown: () => moveTo(1),
  k: () => moveTo(-1),
  ArrowUp: () => moveTo(-1),
  a: () => sayBySelection("accepted"),
  c: () => sayBySelection("coming"),
  r: () => sayBySelection("arrived"),
  x: () => sayBySelection("closed"),
};

/** Selects and focuses the neighbour: Enter opens it, a screen reader says it. */
function moveTo(step: number): void {
  move(step);
  document.querySelector<HTMLElement>(`[data-incident="${selectedId.value}"] .card__pick`)?.focus();
}
