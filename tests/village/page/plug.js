// "Pull the plug": one switch per process, up or down as the rig says it is, not as we asked.

export const NAMES = {
  broker: ["消息代理", "broker"],
  gateway: ["村网关", "gateway"],
  uplink: ["上行网络", "uplink"],
  server: ["县服务器", "server"],
  postgres: ["数据库", "PostgreSQL"],
};

/** A switch in `parent`; pull(process, up) asks for a change. → set(up) */
export function addPlug(parent, process, pull) {
  const [zh, en] = NAMES[process];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plug";
  button.dataset.process = process;
  button.setAttribute("role", "switch");
  const state = document.createElement("span");
  state.className = "plug__state";
  const name = document.createElement("span");
  name.className = "plug__name";
  name.textContent = zh;
  const english = document.createElement("small");
  english.lang = "en";
  english.textContent = en;
  name.append(english);
  const knob = document.createElement("i");
  knob.className = "plug__knob";
  button.title = `${zh} · ${en}`;
  button.append(knob, name, state);
  button.addEventListener("click", async () => {
    button.disabled = true;
    await pull(process, button.getAttribute("aria-checked") !== "true");
    button.disabled = false;
  });
  parent.append(button);
  return (up) => {
    button.setAttribute("aria-checked", String(up));
    state.textContent = up ? "插着 on" : "已拔 off";
  };
}
