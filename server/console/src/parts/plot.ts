import { onMounted, onUnmounted, watch, type Ref } from "vue";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { lang } from "../words";

const LEAST_WIDTH = 200;
/** A colour of the theme by its name, as canvas takes it. */
export const ink = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** How every chart's axes look now. */
export function axis(): uPlot.Axis {
  return { stroke: ink("--ink-2"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line"), width: 1 } };
}

/** Keeps a chart in `box`: as wide as that, drawn anew when what it shows, the language or the theme changes. */
export function usePlot(box: Ref<HTMLElement | undefined>, height: number, shown: () => unknown, make: () => [Omit<uPlot.Options, "width" | "height">, uPlot.AlignedData]): void {
  let plot: uPlot | null = null;
  const size = () => ({ width: Math.max(LEAST_WIDTH, box.value?.clientWidth ?? 0), height });
  function draw(): void {
    if (!box.value) return;
    plot?.destroy();
    const [options, data] = make();
    plot = new uPlot({ legend: { show: false }, cursor: { drag: { x: false, y: false } }, ...options, ...size() }, data, box.value);
  }
  const resized = new ResizeObserver(() => plot?.setSize(size()));
  const themed = new MutationObserver(draw);
  onMounted(() => {
    draw();
    if (box.value) resized.observe(box.value);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  });
  watch([shown, lang], draw);
  onUnmounted(() => {
    resized.disconnect();
    themed.disconnect();
    plot?.destroy();
  });
}
