import { computed, ref, shallowRef, type Ref } from "vue";

import { drawn, type Plan } from "./drawing";
import { begin, changed, fromGeoJson, LINES, lined, moved, nearest, placed, redo, toPlace, undo, type Draft, type Feature, type Tool } from "./draft";
import { frameAround, onPlan, type Frame, type LonLat, type Spot } from "./place";

const SHEET = 300; // metres around what is drawn: room for the next house

/** The sheet on the table: what somebody's pointing and keys do to the draft. */
export function useDraft(plan: Ref<Plan>) {
  const draft = shallowRef<Draft>(begin(plan.value.features));
  const frame = shallowRef<Frame | null>(sheet(points(plan.value.features).concat(plan.value.sites.flatMap((site) => (site.longitude === null ? [] : [[site.longitude, site.latitude!] as LonLat])))));
  const tool = ref<Tool>("choose");
  const name = ref("");
  const site = ref("");
  const line = shallowRef<Spot[]>([]);
  const chosen = ref(-1);
  const lacksName = ref(false);

  const left = computed(() => toPlace(plan.value.sites, draft.value.features));
  const drawing = computed(() => frame.value && drawn(frame.value, draft.value.features, plan.value.sites.map((one) => ({ ...one, latitude: null, longitude: null }))));
  const mark = computed(() => {
    const [first] = (draft.value.features[chosen.value]?.points ?? []) as LonLat[];
    return first && frame.value ? onPlan(frame.value, first) : null;
  });

  function put(feature: Feature | null): void {
    if (feature) draft.value = changed(draft.value, [...draft.value.features, feature]);
  }
  function take(next: Tool): void {
    tool.value = next;
    line.value = [];
    chosen.value = -1;
    lacksName.value = false;
    if (next === "house") site.value = left.value[0]?.id ?? "";
  }
  function point(spot: Spot, reach: number): void {
    if (!frame.value) return;
    if (tool.value === "choose") chosen.value = nearest(frame.value, draft.value.features, spot, reach);
    else if (tool.value === "house" || tool.value === "landmark" || tool.value === "muster") {
      lacksName.value = tool.value === "landmark" && !name.value.trim();
      if (lacksName.value) return;
      put(placed(tool.value, frame.value, spot, site.value, name.value.trim()));
      name.value = "";
      if (tool.value === "house") site.value = left.value[0]?.id ?? "";
    } else line.value = [...line.value, spot];
  }
  function finish(): void {
    const now = tool.value;
    if (frame.value && (now === "road" || now === "stream" || now === "pond")) put(lined(now, frame.value, line.value, name.value.trim()));
    line.value = [];
    name.value = "";
  }
  function shift(by: Spot): void {
    const features = [...draft.value.features];
    features[chosen.value] = moved(frame.value!, features[chosen.value]!, by);
    draft.value = changed(draft.value, features);
  }
  function remove(): void {
    if (chosen.value < 0) return;
    draft.value = changed(draft.value, draft.value.features.filter((_, n) => n !== chosen.value));
    chosen.value = -1;
  }
  const back = () => void ((draft.value = undo(draft.value)), (chosen.value = -1));
  const forth = () => void ((draft.value = redo(draft.value)), (chosen.value = -1));

  const STEPS: Record<string, Spot> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } };
  function key(event: KeyboardEvent): void {
    const control = event.ctrlKey || event.metaKey;
    const step = STEPS[event.key];
    const drawsLine = LINES.includes(tool.value) && line.value.length;
    if (control && event.key.toLowerCase() === "z") (event.shiftKey ? forth : back)();
    else if (control && event.key.toLowerCase() === "y") forth();
    else if (control) return;
    else if (event.key === "Enter" && drawsLine) finish();
    else if (event.key === "Escape" && drawsLine) line.value = [];
    else if (event.key === "Delete" || event.key === "Backspace") remove();
    else if (step && tool.value === "choose" && chosen.value >= 0) shift({ x: step.x * (event.shiftKey ? 5 : 1), y: step.y * (event.shiftKey ? 5 : 1) });
    else return;
    event.preventDefault();
  }
  /** Features of a file in place of what is drawn; how many. Raises where it is none. */
  function open(text: string, gcj: boolean): number {
    const features = fromGeoJson(text, gcj);
    draft.value = changed(draft.value, features);
    frame.value = sheet(points(features)) ?? frame.value;
    return features.length;
  }
  const layOut = (center: LonLat) => (frame.value = sheet([center]));
  const kept = () => (draft.value = begin(draft.value.features));

  return { draft, frame, tool, name, site, line, chosen, lacksName, left, drawing, mark, take, point, finish, remove, back, forth, key, open, layOut, kept };
}

function points(features: readonly Feature[]): LonLat[] {
  return features.flatMap((one) => one.points as LonLat[]);
}

function sheet(all: LonLat[]): Frame | null {
  return frameAround(all, SHEET / (all.length > 1 ? 3 : 1));
}
