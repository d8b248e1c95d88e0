/** Which rows of a long list are on the screen. Pure: heights and offsets in CSS pixels. */

/** Where each row begins, and as the last where the list ends. */
export function offsets(heights: ArrayLike<number>): Float64Array {
  const starts = new Float64Array(heights.length + 1);
  for (let at = 0; at < heights.length; at += 1) starts[at + 1] = starts[at]! + heights[at]!;
  return starts;
}

/** The first row that ends below `y`; the last one, where none does. */
export function rowAt(starts: Float64Array, y: number): number {
  let low = 0;
  let high = Math.max(0, starts.length - 2);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle + 1]! > y) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** [first, one past the last] to draw: what is seen from `top` on for `height`, and `spare` more on either side. */
export function drawn(starts: Float64Array, top: number, height: number, spare: number): [number, number] {
  const rows = starts.length - 1;
  if (rows <= 0) return [0, 0];
  return [rowAt(starts, top - spare), Math.min(rows, rowAt(starts, top + height + spare) + 1)];
}

/** How far to scroll so that row `at` is whole within the window between `head` (what lies over its top) and `height`;
 * 0: it is. `top`: of the list within the window, negative once it is scrolled. */
export function toReveal(starts: Float64Array, at: number, top: number, head: number, height: number): number {
  const from = top + starts[at]!;
  const to = top + starts[at + 1]!;
  if (from < head) return from - head;
  if (to > height) return Math.min(to - height, from - head);
  return 0;
}
