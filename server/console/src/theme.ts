import { ref } from "vue";

export type Theme = "auto" | "light" | "dark";

const KEPT = "heartlamp.theme";
const ORDER: Theme[] = ["auto", "light", "dark"];
const system = matchMedia("(prefers-color-scheme: dark)");

export const theme = ref<Theme>(ORDER.find((one) => one === localStorage.getItem(KEPT)) ?? "auto");

/** "auto" follows the system, also while the page is open. */
export function useTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEPT, next);
  paint();
}

export function nextTheme(): void {
  useTheme(ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length] ?? "auto");
}

function paint(): void {
  const dark = theme.value === "dark" || (theme.value === "auto" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

system.addEventListener("change", paint);
