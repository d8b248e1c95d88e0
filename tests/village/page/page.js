// The demo page: draws what the rig says, moves the pins it is told to. It never makes a message.
import { drawHops } from "./hops.js";
import { glow, LIGHTS, MEANINGS, seen } from "./lamp.js";
import { addPlug } from "./plug.js";
import { drawVillage } from "./village.js";

const $ = (id) => document.getElementById(id);
const shows = new Map(); // device → its last show
const plugs = new Map(); // "village/process" → set(up)
const drawn = []; // {svg, houses, width, update}

async function post(path, body) {
  try {
    const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    $("lost").hidden = response.ok;
  } catch {
    $("lost").hidden = false;
  }
}

// One after the other: a release must never overtake its press.
let pins = Promise.resolve();
function pin(device, name, level) {
  pins = pins.then(() => post("/pin", { device, pin: name, level }));
}

function build(state) {
  const console_ = $("console");
  console_.href = state.console;
  console_.hidden = !state.console;
  drawn.length = 0;
  plugs.clear();
  $("villages").replaceChildren(...state.villages.map(villageCard));
  const county = $("county-plugs");
  county.replaceChildren();
  for (const process of ["server", "postgres"]) {
    plugs.set(`/${process}`, addPlug(county, process, (name, up) => post("/plug", { village: null, process: name, up })));
  }
}

function villageCard(village) {
  const card = document.createElement("section");
  card.className = "village";
  card.dataset.village = village.id;
  const head = document.createElement("header");
  const name = document.createElement("h2");
  name.textContent = village.name;
  const row = document.createElement("div");
  row.className = "plugs";
  head.append(name, row);
  for (const process of ["broker", "gateway", "uplink"]) {
    plugs.set(`${village.id}/${process}`, addPlug(row, process, (what, up) => post("/plug", { village: village.id, process: what, up })));
  }
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  card.append(head, svg);
  drawn.push({ card, svg, houses: village.houses, width: 0, update: () => undefined });
  return card;
}

function fit() {
  for (const one of drawn) {
    const width = Math.floor(one.card.clientWidth - 16);
    if (width <= 0 || width === one.width) continue;
    one.width = width;
    one.update = drawVillage(one.svg, one.houses, width, pin);
    for (const house of one.houses) for (const device of house.devices) one.update(device.id, shows.get(device.id) ?? null);
  }
}

function take(device, show) {
  shows.set(device, show);
  for (const one of drawn) one.update(device, show);
}

function paint(state) {
  for (const village of state.villages) {
    for (const process of ["broker", "gateway", "uplink"]) plugs.get(`${village.id}/${process}`)?.(village[`${process}_up`]);
    for (const house of village.houses) for (const device of house.devices) take(device.id, device.show);
  }
  plugs.get("/server")?.(state.server_up);
  plugs.get("/postgres")?.(state.postgres_up);
  drawHops($("hops"), state.hops);
}

let built = "";
async function refresh() {
  const state = await (await fetch("/state", { cache: "no-store" })).json();
  const plan = JSON.stringify(state.villages.map((village) => village.houses.map((house) => house.site)));
  if (plan !== built) {
    built = plan;
    build(state);
    fit();
  }
  paint(state);
  $("lost").hidden = true;
}

function legend() {
  for (const [meaning, show] of Object.entries(LIGHTS)) {
    const item = document.createElement("li");
    const light = document.createElement("i");
    light.style.setProperty("--light", seen(show.color));
    const words = document.createElement("span");
    words.textContent = MEANINGS[meaning][0];
    const english = document.createElement("small");
    english.lang = "en";
    english.textContent = MEANINGS[meaning][1];
    item.append(light, words, english);
    $("legend").append(item);
    glow(light, show);
  }
}

function listen() {
  const events = new EventSource("/events");
  let early = null; // events that came while the state was on its way: they are newer than it
  const on = (name, act) =>
    events.addEventListener(name, ({ data }) => {
      const now = () => act(JSON.parse(data));
      early ? early.push(now) : now();
    });
  // Whatever happened while the stream was away is in the state.
  events.onopen = async () => {
    early = [];
    await refresh().catch(() => ($("lost").hidden = false));
    early.forEach((act) => act());
    early = null;
  };
  events.onerror = () => ($("lost").hidden = false);
  on("show", ({ device, show }) => take(device, show));
  on("process", ({ village, name, up }) => plugs.get(`${village ?? ""}/${name}`)?.(up));
  on("hops", (hops) => drawHops($("hops"), hops));
}

drawHops($("hops"), []);
legend();
listen();
new ResizeObserver(fit).observe($("villages"));
