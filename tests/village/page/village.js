// One village as a little map: houses along a lane, by household group. Drawn anew when the width changes.
import { LAMPS, glow, isLit, lampWords, othersWords, seen } from "./lamp.js";
import { holdable } from "./key.js";

const SVG = "http://www.w3.org/2000/svg";
const TILE = 148; // least width of a house's plot, px
const ROW = 266; // height of a row of houses with its stretch of lane
const HEAD = 34; // a group's name above its first row
const LANE = 24;

/** Where everything stands: pure. → {height, groups: [{name, y, height, rows: [y]}], plots: [{house, x, y, w}]} */
export function layout(houses, width) {
  const groups = [];
  const plots = [];
  let y = 8;
  for (const name of new Set(houses.map((house) => house.group))) {
    const members = houses.filter((house) => house.group === name);
    const fit = Math.max(1, Math.min(members.length, Math.floor((width - 16) / TILE)));
    const rows = Math.ceil(members.length / fit);
    const perRow = Math.ceil(members.length / rows); // 7 in two rows stand 4 and 3, not 6 and 1
    const w = (width - 16) / perRow;
    const group = { name, y, height: HEAD + rows * ROW, rows: [] };
    members.forEach((house, index) => {
      const row = Math.floor(index / perRow);
      const inRow = Math.min(perRow, members.length - row * perRow);
      const indent = ((perRow - inRow) * w) / 2;
      plots.push({ house, w, x: 8 + indent + (index - row * perRow) * w, y: y + HEAD + row * ROW });
    });
    for (let row = 0; row < rows; row++) group.rows.push(y + HEAD + row * ROW + ROW - LANE);
    groups.push(group);
    y += group.height + 12;
  }
  return { height: y, groups, plots };
}

/** Draws the village into `svg` and returns how to change one device: update(device, show). `pin(device, pin, level)` moves a pin. */
export function drawVillage(svg, houses, width, pin) {
  const plan = layout(houses, width);
  svg.setAttribute("viewBox", `0 0 ${width} ${plan.height}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", plan.height);
  svg.replaceChildren();
  drawSoftEdge(svg);
  for (const group of plan.groups) drawGroup(svg, group, width);
  const updates = new Map();
  for (const plot of plan.plots) {
    const drawn = drawHouse(svg, plot, pin);
    for (const device of plot.house.devices) updates.set(device.id, drawn(device));
  }
  return (device, show) => updates.get(device)?.(show);
}

// One mask for all lamps: bright in the middle, gone at the rim.
function drawSoftEdge(svg) {
  const fade = add(add(svg, "defs", {}), "radialGradient", { id: "fade" });
  add(fade, "stop", { offset: 0, "stop-color": "#fff", "stop-opacity": 1 });
  add(fade, "stop", { offset: 0.35, "stop-color": "#fff", "stop-opacity": 0.45 });
  add(fade, "stop", { offset: 1, "stop-color": "#fff", "stop-opacity": 0 });
  const soft = add(svg.firstChild, "mask", { id: "soft", maskContentUnits: "objectBoundingBox" });
  add(soft, "rect", { width: 1, height: 1, fill: "url(#fade)" });
}

function drawGroup(svg, group, width) {
  add(svg, "rect", { class: "ground", x: 2, y: group.y, width: width - 4, height: group.height, rx: 16 });
  const label = add(svg, "text", { class: "group", x: 20, y: group.y + 23 }, group.name);
  add(label, "tspan", { class: "group__en", dx: 8, lang: "en" }, "household group");
  const lane = group.rows
    .map((y, row) => {
      const [from, to] = row % 2 === 0 ? [14, width - 14] : [width - 14, 14];
      const middle = `C ${from + (to - from) * 0.3} ${y - 5} ${from + (to - from) * 0.7} ${y + 5} ${to} ${y}`;
      const next = group.rows[row + 1];
      return `${row === 0 ? `M ${from} ${y}` : ""} ${middle}${next ? ` L ${to} ${next}` : ""}`;
    })
    .join(" ");
  add(svg, "path", { class: "lane", d: lane });
  add(svg, "path", { class: "lane__middle", d: lane });
}

// A house: roof, wall, window that shines with its lamp, the lamp, words, keys. → device → (show) → paints it
function drawHouse(svg, { house, x, y, w }, pin) {
  const g = add(svg, "g", { class: "house", transform: `translate(${x + w / 2} ${y})`, "data-site": house.site });
  add(g, "ellipse", { class: "shade", cx: 0, cy: 90, rx: 58, ry: 5 });
  add(g, "path", { class: "roof", d: "M-58 40 L0 8 L58 40 Z" });
  add(g, "rect", { class: "wall", x: -48, y: 40, width: 96, height: 50 });
  add(g, "rect", { class: "door", x: 20, y: 56, width: 18, height: 34, rx: 2 });
  const windowLight = add(g, "rect", { class: "window", x: -38, y: 54, width: 24, height: 20, rx: 2 });
  add(g, "path", { class: "bars", d: "M-26 54v20M-38 64h24" });
  const shine = add(g, "circle", { class: "shine", cx: 0, cy: 60, r: 84, mask: "url(#soft)" });
  add(g, "circle", { class: "socket", cx: 0, cy: 60, r: 15 });
  const halo = add(g, "circle", { class: "halo", cx: 0, cy: 60, r: 20 });
  const bulb = add(g, "circle", { class: "bulb", cx: 0, cy: 60, r: 12 });

  put(add(g, "text", { class: "name", x: 0, y: 108 }), house.name, w - 8);
  const zh = add(g, "text", { class: "says", x: 0, y: 127 });
  const en = add(g, "text", { class: "says says--en", x: 0, y: 142, lang: "en" });
  const details = [158, 172].map((at) => add(g, "text", { class: "says says--detail", x: 0, y: at }));
  // Lines of their own, above the keys: what the lamp says never hides what the button says, nor the other way round.
  const aside = ["zh-CN", "en"].map((lang, index) => add(g, "text", { class: `says says--aside says--aside-${lang}`, x: 0, y: 187 + 13 * index, lang }));

  const keys = keysOf(house);
  const step = 48;
  const lights = new Map(); // device → how to light its key
  keys.forEach((key, index) => lights.set(key.device, drawKey(g, (index - (keys.length - 1) / 2) * step, 226, key, house, pin)));

  const lampId = (house.devices.find((device) => LAMPS.includes(device.kind)) ?? house.devices[0])?.id;
  let lamp = null;
  const shows = new Map(); // of its other devices: kind → show

  function paintLamp() {
    const color = seen(lamp?.color);
    for (const part of [shine, halo, bulb, windowLight]) part.style.setProperty("--light", color);
    for (const part of [shine, halo, bulb, windowLight]) glow(part, lamp);
    g.dataset.meaning = lamp?.meaning ?? "none";
    g.dataset.lit = isLit(lamp) ? "1" : "0";
  }

  function write() {
    const { headline, more } = lampWords(lamp);
    const others = othersWords(shows) ?? ["", ""];
    zh.textContent = headline[0];
    en.textContent = headline[1];
    details.forEach((line, index) => put(line, more[index]?.[0] ?? "", w - 8, more[index]?.[2]));
    aside.forEach((line, index) => put(line, others[index], w - 4));
    title(g, [house.name, headline.join(" · "), ...more.map(([zh, en]) => `${zh} · ${en}`), others.filter(Boolean).join(" · ")].join("\n"));
  }

  return (device) => (show) => {
    if (device.id === lampId) {
      lamp = show;
      paintLamp();
    } else {
      shows.set(device.kind, show);
      lights.get(device.id)?.(show);
    }
    write();
  };
}

/** The keys that a house has: red on the button (else on the lamp), green on the lamp (else on the button), sensors. */
export function keysOf(house) {
  const by = (kind) => house.devices.find((device) => device.kind === kind)?.id;
  const lamp = house.devices.find((device) => LAMPS.includes(device.kind))?.id;
  const keys = [
    { pin: "red", device: by("button") ?? lamp, zh: "红键：求助", en: "red: help" },
    { pin: "green", device: lamp ?? by("button"), zh: "绿键：我去；长按：我在这里", en: "green: I go; long: I am here" },
    { pin: "smoke", device: by("smoke"), zh: "烟", en: "smoke" },
    { pin: "flood", device: by("flood"), zh: "水", en: "water" },
  ];
  return keys.filter((key) => key.device);
}

const SENSOR_PICTURES = {
  smoke: "M-9 4c-4 0-5-5-1-6 0-5 7-6 9-2 4-2 8 2 6 5 3 1 2 5-1 5h-11c-1 0-2-1-2-2z",
  flood: "M0-10c4 5 7 8 7 12a7 7 0 0 1-14 0c0-4 3-7 7-12z",
};

// A key, with a ring round it that is the light of its device. → (show) → lights the ring
function drawKey(g, x, y, key, house, pin) {
  const button = add(g, "g", { class: `key key--${key.pin}`, transform: `translate(${x} ${y})`, tabindex: 0, role: "button", "aria-label": `${house.name} ${key.zh} ${key.en}`, "data-device": key.device, "data-pin": key.pin });
  add(button, "circle", { class: "key__reach", r: 23 }); // a finger's width, wider than what is drawn
  add(button, "circle", { class: "key__rim", r: 20 });
  const ring = [add(button, "circle", { class: "key__halo", r: 22.5 }), add(button, "circle", { class: "key__ring", r: 18.5 })];
  add(button, "circle", { class: "key__cap", r: 15 });
  if (SENSOR_PICTURES[key.pin]) add(button, "path", { class: "key__picture", d: SENSOR_PICTURES[key.pin] });
  title(button, `${key.zh}\n${key.en}`);
  holdable(button, (level) => pin(key.device, key.pin, level));
  return (show) => {
    button.dataset.meaning = show?.meaning ?? "none";
    for (const part of ring) part.style.setProperty("--light", seen(show?.color));
    for (const part of ring) glow(part, show);
  };
}

// Words that must stay within `width` px: where they do not, the `name` in them (or else their end) is cut. The house's
// title has them whole.
function put(element, words, width, name) {
  element.textContent = words;
  const part = name || words;
  const letters = [...part];
  while (letters.length > 1 && element.getComputedTextLength() > width) {
    letters.pop();
    element.textContent = words.replace(part, () => `${letters.join("")}…`);
  }
}

function title(parent, words) {
  const element = parent.querySelector(":scope > title") ?? parent.insertBefore(document.createElementNS(SVG, "title"), parent.firstChild);
  element.textContent = words;
}

function add(parent, tag, attributes, words) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (words !== undefined) element.textContent = words;
  parent.append(element);
  return element;
}
