// What a lamp's `show` means on a screen: words, colour, rhythm. Pure, but for `glow`.

// meaning → [Chinese, English]. The four that a villager must learn, and what else a lamp shows.
export const MEANINGS = {
  working: ["正常", "Working"],
  sending: ["正在发出…", "Sending…"],
  told: ["已报上去了", "Reported"],
  coming: ["有人来了", "Somebody is coming"],
  shout: ["快喊人，打电话！", "Shout or telephone!"],
  near: ["邻居求救", "A neighbour calls"],
  drill: ["邻居在演练", "A neighbour's drill"],
  dark: ["没有通电或刚启动", "No word yet"],
  unprovisioned: ["还没开通", "Not provisioned"],
};

export const LAMPS = ["lamp", "camera"]; // kinds that show calls

// What the LEDs do, as firmware/app/heartlamp/rules/glow.py has it; tests/docs/test_lamp.py compares.
export const LIGHTS = {
  working: { color: "#0e0600", rhythm: [], shape: "quarters" },
  told: { color: "#0010ff", rhythm: [200, 200, 200, 1400], shape: "whole" },
  coming: { color: "#008070", rhythm: [1500, 500], shape: "fill" },
  shout: { color: "#ff0000", rhythm: [200, 200], shape: "whole" },
  near: { color: "#ff9000", rhythm: [200, 200, 200, 200, 700, 500], shape: "half" },
};

export const WHATS = { panic: ["求助", "help"], fire: ["火警", "fire"], gas: ["燃气", "gas"], flood: ["水浸", "flood"], slope: ["滑坡", "landslide"] };

const ANSWERS = {
  none: ["还没有人应答", "nobody answered yet"],
  unanswered: ["应答已撤回，现在没有人来", "withdrawn, nobody is coming now"],
  accepted: ["已受理", "accepted"],
  coming: ["正在赶来", "is coming"],
  arrived: ["已到场", "has arrived"],
  closed: ["已办结", "closed"],
};

/** What the lamp says: {headline, more: up to two lines}, each [zh, en, a name in it that may be cut or ""];
 * `show` null: nothing came from it yet. */
export function lampWords(show) {
  if (!show) return { headline: ["等待设备…", "Waiting for the device…"], more: [] };
  const headline = MEANINGS[show.meaning] ?? [show.meaning, show.meaning];
  const calls = show.calls ?? [];
  const near = ["near", "drill"].includes(show.meaning) && calls.find((call) => call.role === show.meaning);
  if (near) {
    const what = WHATS[near.what] ?? [near.what, near.what];
    const place = [`${near.place} · ${what[0]}`, `${near.place} · ${what[1]}`, near.place];
    return { headline, more: near.answer === "none" ? [place] : [place, says(near.answer, near.who)] };
  }
  const known = [show.heard && ["村", "village"], show.received && ["县", "county"]].filter(Boolean);
  if (!known.length) return { headline, more: [] };
  const receipt = [`${known.map((k) => k[0]).join("、")}已收到`, `${known.map((k) => k[1]).join(" and ")} have it`, ""];
  return { headline, more: [receipt, says(show.answer, show.who)] };
}

// What says something of its own beside the lamp. A silent button shows nothing, a door raises no alarm.
export const DEVICES = {
  button: ["按钮", "Button"],
  smoke: ["烟感", "Smoke sensor"],
  gas: ["燃气传感器", "Gas sensor"],
  flood: ["水浸", "Flood sensor"],
  temperature: ["温度传感器", "Thermometer"],
  slope: ["山体位移传感器", "Slope sensor"],
};
const ALONE = { shout: ["快喊人，打电话！", "shout or telephone"], sending: ["正在发送", "sending"] };

/** What a house's other devices say besides its lamp: [zh, en] of the worst of them, or null. Each knows of its own
 * press before the lamp can. `shows`: kind → its last show. */
export function othersWords(shows) {
  for (const [meaning, words] of Object.entries(ALONE))
    for (const [kind, name] of Object.entries(DEVICES))
      if (shows.get(kind)?.meaning === meaning) return [`${name[0]}：${words[0]}`, `${name[1]}: ${words[1]}`];
  return null;
}

function says(answer, who) {
  return [...(ANSWERS[answer] ?? ["", ""]).map((words) => (who ? `${who} ${words}` : words)), who];
}

/** The LED's drive as the eye sees it: in the dark a small light's brightness grows with the cube root of its power, so
 * that one driven at 5 % looks a third as bright; its hue stays. "#rrggbb" → "rgb(…)". */
export function seen(color) {
  const drive = /^#[0-9a-f]{6}$/i.test(color ?? "") ? [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) : [0, 0, 0];
  const most = Math.max(...drive, 1);
  return `rgb(${drive.map((value) => Math.round(255 * Math.cbrt(most / 255) * (value / most) ** 0.45)).join(" ")})`;
}

export function isLit(show) {
  return Boolean(show) && /[1-9a-f]/i.test((show.color ?? "#000000").slice(1));
}

// A light that is off between two beats; on a real lamp it is dark, here the eye keeps hold of it.
const DIM = 0.15;
// A ring that fills begins with one LED of twelve in full, the others at a quarter: 0.31 of its light, as the eye sees it.
const FILL_FROM = 0.59;

/** Opacity keyframes of a rhythm (ms on, off, on, …), or null where it is steady. */
export function rhythmFrames({ rhythm, shape }) {
  const total = (rhythm ?? []).reduce((sum, ms) => sum + ms, 0);
  if (rhythm == null || rhythm.length < 2 || total <= 0) return null;
  const frames = [];
  let at = 0;
  rhythm.forEach((ms, index) => {
    const [from, to] = index % 2 ? [DIM, DIM] : [shape === "fill" ? FILL_FROM : 1, 1];
    frames.push({ opacity: from, offset: at / total }, { opacity: to, offset: (at + ms) / total });
    at += ms;
  });
  return { frames, total };
}

const glowing = new WeakMap(); // element → what it glows in

/** Makes an element glow as the LEDs do: from now on in the rhythm, which goes on where the light stays the same. */
export function glow(element, show) {
  const light = isLit(show) ? `${show.color} ${show.rhythm} ${show.shape}` : "";
  if (glowing.get(element) === light) return;
  glowing.set(element, light);
  element.getAnimations().forEach((animation) => animation.cancel());
  element.style.opacity = light ? 1 : 0;
  const rhythm = light && rhythmFrames(show);
  if (rhythm) element.animate(rhythm.frames, { duration: rhythm.total, iterations: Infinity });
}
