// A key that is really held: down with the finger, up with the finger, also when it slips off the page.

/** Calls move(1) and move(0) once each per press, by pointer or by Space/Enter. */
export function holdable(element, move) {
  let down = false;
  const set = (next) => {
    if (next === down) return;
    down = next;
    element.classList.toggle("key--down", down);
    move(down ? 1 : 0);
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    set(true);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) element.addEventListener(name, () => set(false));
  element.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch is a long press
  element.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) set(true);
  });
  element.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") set(false);
  });
  document.addEventListener("visibilitychange", () => document.hidden && set(false));
}
