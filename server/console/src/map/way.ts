import { computed, ref } from "vue";

/** How plans are drawn: by WebGL where the browser has it, else as shapes; or as somebody chose on this screen. */
export type Way = "auto" | "svg" | "gl";

const KEPT = "heartlamp.plan";
const WAYS: Way[] = ["auto", "svg", "gl"];

export const chosenWay = ref<Way>(WAYS.find((one) => one === localStorage.getItem(KEPT)) ?? "auto");

export function chooseWay(way: Way): void {
  chosenWay.value = way;
  localStorage.setItem(KEPT, way);
}

/** A browser that says it has WebGL2 and draws it in software slows everything else down: it does not count. */
export function hasWebGl(): boolean {
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

let known: boolean | undefined;

export const planWay = computed(() => (chosenWay.value === "auto" ? ((known ??= hasWebGl()) ? "gl" : "svg") : chosenWay.value));
