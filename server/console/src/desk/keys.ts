import { actBySelection, acting, dialog, handBySelection, handingOver, helpOpen, move, sayBySelection } from "./desk";
import { go, route } from "../route";
import { mayTake } from "./hotline";

/** Keys of the watch page. Keys with Ctrl, Alt or Meta are the browser's; keys within a field are the field's. */
export function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog")) return;
  if (dialog.value || acting.value || handingOver.value || helpOpen.value || document.querySelector("dialog[open]")) return;
  if (event.key === "?") {
    helpOpen.value = true;
    return;
  }
  if (event.key === "t" && mayTake()) {
    event.preventDefault();
    go("hotline");
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
  d: () => actBySelection("dispatch"),
  n: () => actBySelection("note"),
  m: () => actBySelection("merge"),
  h: handBySelection,
  p: () => document.querySelector<HTMLElement>("[data-whom] a[data-next]")?.focus(),
};
