import type { Spot } from "./place";

/** What of a plan is seen: the spot in the window's middle, and how many pixels a metre is. Pure. */
export interface View extends Spot {
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

const MOST = 12; // pixels a metre

export function whole(of: Size, window: Size): View {
  const scale = Math.min(window.width / of.width, window.height / of.height);
  return { x: of.width / 2, y: of.height / 2, scale: Math.min(MOST, scale || 1) };
}

/** So much around a spot that `radius` metres are seen on each side. */
export function around(spot: Spot, radius: number, window: Size): View {
  return { x: spot.x, y: spot.y, scale: Math.min(window.width, window.height) / 2 / radius || 1 };
}

export function inWindow(view: View, window: Size, spot: Spot): Spot {
  return { x: window.width / 2 + (spot.x - view.x) * view.scale, y: window.height / 2 + (spot.y - view.y) * view.scale };
}

export function onGround(view: View, window: Size, pixel: Spot): Spot {
  return { x: view.x + (pixel.x - window.width / 2) / view.scale, y: view.y + (pixel.y - window.height / 2) / view.scale };
}

/** Nearer by `factor`; what lies under `pixel` stays there. Never further than twice the whole. */
export function zoomed(view: View, factor: number, pixel: Spot, of: Size, window: Size): View {
  const scale = Math.max(whole(of, window).scale / 2, Math.min(MOST, view.scale * factor));
  const under = onGround(view, window, pixel);
  return {
    scale,
    x: under.x - (pixel.x - window.width / 2) / scale,
    y: under.y - (pixel.y - window.height / 2) / scale,
  };
}

/** Dragged by pixels; its middle stays on the plan. */
export function dragged(view: View, by: Spot, of: Size): View {
  const within = (at: number, most: number) => Math.max(0, Math.min(most, at));
  return { ...view, x: within(view.x - by.x / view.scale, of.width), y: within(view.y - by.y / view.scale, of.height) };
}

export function viewBox(view: View, window: Size): string {
  const [wide, high] = [window.width / view.scale, window.height / view.scale];
  return [view.x - wide / 2, view.y - high / 2, wide, high].map((n) => n.toFixed(2)).join(" ");
}
