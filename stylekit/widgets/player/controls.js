// The JavaScript of PlayerControls: buttons, a status line and the numbers of a run. It also tells
// the kernel regularly that the page is open.

import { button, element, listen, progressTrack, statusLine } from "../base/dom.js";

const REPORT_EVERY_MS = 20_000;
const ENDED = ["done", "stopped", "failed"];

// For each button: the command that it sends in a state, null for none, and its label.
const PRESSES = [
  (state) => (state === "idle" || ENDED.includes(state) ? ["start", state === "idle" ? "Start" : "Start again"] : [null, "Start"]),
  (state) => (state === "paused" ? ["resume", "Resume"] : [state === "running" ? "pause" : null, "Pause"]),
  (state) => [state === "running" || state === "paused" ? "stop" : null, "Stop"],
  (state) => [state === "idle" || state === "paused" ? "step" : null, "One step"],
];

function makeButtons(parent, model) {
  const row = element(parent, "div", "stylekit-flow buttons", { role: "group", "aria-label": "Run" });
  const made = PRESSES.map((choose) => {
    const press = button(row, "");
    press.addEventListener("click", () => {
      const [what] = choose(model.get("_state"));
      if (what) model.send({ type: "press", what });
    });
    return press;
  });
  made[0].classList.add("main");
  return () => {
    PRESSES.forEach((choose, index) => {
      const [what, words] = choose(model.get("_state"));
      made[index].textContent = words;
      // With `disabled` a button would lose the focus when it is pressed.
      made[index].setAttribute("aria-disabled", String(!what));
    });
  };
}

function makeFacts(parent) {
  const list = element(parent, "dl", "stylekit-flow facts");
  return (facts) => {
    list.replaceChildren();
    for (const [name, value] of facts) {
      const pair = element(list, "div");
      element(pair, "dt").textContent = name;
      element(pair, "dd").textContent = value;
    }
  };
}

const lossWords = (value) => (value === 0 ? "0" : value.toPrecision(3).replace("e+", "e"));

function makeLosses(parent, model) {
  const table = element(parent, "table", "losses");
  element(table, "caption").textContent = "Weighted loss by term, and its share";
  const body = element(table, "tbody");
  let rows = [];
  // A run from keyframes has other losses while its network learns.
  function name() {
    body.replaceChildren();
    rows = model.get("_terms").map(({ name, label, color }) => {
      const row = element(body, "tr");
      element(row, "th", "", { scope: "row" }).textContent = label;
      const value = element(row, "td");
      const percent = element(row, "td");
      const bar = element(element(row, "td", "bar", { "aria-hidden": "true" }), "div");
      bar.style.background = color;
      return { name, value, percent, bar };
    });
  }
  function show() {
    const losses = model.get("_losses");
    const total = Object.values(losses).reduce((sum, value) => sum + value, 0);
    table.hidden = !Object.keys(losses).length;
    for (const { name, value, percent, bar } of rows) {
      const share = total ? (100 * (losses[name] || 0)) / total : 0;
      value.textContent = lossWords(losses[name] || 0);
      percent.textContent = `${Math.round(share)} %`;
      bar.style.width = `${share}%`;
    }
  }
  name();
  return { name, show };
}

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-column stylekit-player");
  const run = element(root, "div", "stylekit-column run");
  const showButtons = makeButtons(run, model);
  const say = statusLine(run);
  const bar = progressTrack(run, "Done");
  const showFacts = makeFacts(run);
  const losses = makeLosses(root, model);

  // Asks for the next step when the last one has been answered. If the widget has several views,
  // all of them ask, and the kernel takes one step at a time.
  let asked = false;
  function tick() {
    if (asked || !model.get("ticking")) return;
    asked = true;
    model.send({ type: "tick" });
  }
  function onMessage(message) {
    if (message.type !== "ticked") return;
    asked = false;
    tick();
  }
  function showState() {
    const state = model.get("_state");
    root.dataset.state = state;
    showButtons();
    say(model.get("_status"), { done: "good", failed: "bad" }[state] || "");
  }
  function showShare() {
    const share = model.get("_share");
    bar.track.hidden = share === null;
    bar.set(Math.round(100 * (share || 0)));
  }
  const reportOpen = () => model.send({ type: "open" });

  const stop = listen(model, [
    ["change:_state", showState],
    ["change:_status", showState],
    ["change:_facts", () => showFacts(model.get("_facts"))],
    ["change:_terms", () => { losses.name(); losses.show(); }],
    ["change:_losses", losses.show],
    ["change:_share", showShare],
    ["change:ticking", tick],
    ["msg:custom", onMessage],
  ]);
  const timer = setInterval(reportOpen, REPORT_EVERY_MS);
  showState();
  showFacts(model.get("_facts"));
  losses.show();
  showShare();
  reportOpen();
  tick();

  return () => {
    stop();
    clearInterval(timer);
  };
}

export default { render };
