// The JavaScript of LossPage: from a loss to a layer, its table, one square, and the maps behind it.

import { element, listen, newName } from "../base/dom.js";
import { board, tables } from "./boards.js";
import { choiceTable, setMath, showLines, showTrail } from "./tables.js";

// A question that is not answered for so long is taken as lost: another may be asked.
const ANSWER_WITHIN_MS = 4_000;

const STEPS = {
  style: "Style: how features occur together, layer by layer",
  content: "Content: what is seen where, layer by layer",
  temporal: "Temporal: the earlier frames that hold this one",
};
const LAYER_WORDS = {
  style: "The network answers a picture with maps, one for each of its filters. In every layer the "
    + "style loss compares how strongly each two filters answer together. Choose a layer.",
  content: "The network answers a picture with maps, one for each of its filters. The content loss "
    + "compares the maps of the picture and of the photograph, position by position.",
  temporal: "What was painted before is carried along the flow, and the frame is held to it where "
    + "the flow can be trusted.",
};

function section(parent, number) {
  const root = element(parent, "section");
  const head = element(root, "h3");
  element(head, "span", "number", { "aria-hidden": "true" }).textContent = number;
  const title = element(head, "span");
  const words = element(root, "p", "words");
  root.setAttribute("aria-labelledby", (title.id = newName()));
  return {
    root,
    say(heading, text) {
      setMath(title, heading);
      words.textContent = text;
    },
  };
}

// A row of boards, kept as long as the number of its pictures stays the same.
function boardRow(parent, onPick, className) {
  const root = element(parent, "div", className);
  let figures = [];
  return {
    root,
    show(row, sheet, options) {
      const sums = className === "product";
      if (figures.length !== row.pictures.length) {
        root.replaceChildren();
        figures = row.pictures.map(() => {
          const figure = element(root, "figure");
          const sign = element(figure, "span", "sign", { "aria-hidden": "true" });
          const above = element(figure, "figcaption");
          const made = board(figure, onPick);
          return { sign, above, made, below: element(figure, "div", "below faint") };
        });
      }
      const count = { 2: "two", 4: "four" }[figures.length] ?? "";
      root.className = `${className} ${count}`;
      for (const [index, picture] of row.pictures.entries()) {
        const { sign, above, made, below } = figures[index];
        sign.textContent = sums ? picture.sign : "";
        setMath(above, picture.label);
        setMath(below, picture.note);
        const plain = picture.label.replace(/_\{([^}]*)\}/g, " $1");
        made.show({
          ...sheet(picture.sheet),
          label: row.name && index ? `${row.name}: ${plain}` : plain,
          size: [row.columns, row.rows],
          at: picture.place ?? row.place,
          ...options,
        });
      }
    },
    at(place) {
      for (const { made } of figures) made.at(place);
    },
  };
}

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-losses");
  const above = element(root, "div", "above");
  const title = element(above, "strong");
  const facts = element(above, "span", "faint");
  const following = element(above, "label");
  const follow = element(following, "input", "", { type: "checkbox" });
  following.append("follow the painting");
  const framing = element(above, "label");
  framing.append("frame");
  const frame = element(framing, "input", "", { type: "range", min: "0", step: "1" });
  const frameTold = element(framing, "output");
  const trail = element(root, "ol", "trail", { "aria-label": "From the loss to what is chosen" });
  const body = element(root, "div");
  const both = element(body, "div", "sums-of");
  const loss = section(both, "1");
  const layer = section(both, "2");
  const squares = section(body, "3");
  const maps = section(body, "4");
  const sums = section(body, "5");
  const said = element(root, "div", "unseen", { role: "status" });

  // The page asks one thing at a time, and of what is asked meanwhile only the last: while a key is
  // held down nothing piles up.
  let asked = 0;
  let waiting = null;
  let since = 0;
  function ask(message, speaks = true) {
    if (asked > model.get("_answered") && performance.now() - since < ANSWER_WITHIN_MS) {
      waiting = message;
      return;
    }
    waiting = null;
    since = performance.now();
    asked = Math.max(asked, model.get("_answered")) + 1;
    speaking = speaks;
    model.send({ ...message, number: asked });
  }
  function answered() {
    if (waiting && model.get("_answered") >= asked) ask(waiting);
  }
  let speaking = false;
  // Whether a newer question than the last answer is on its way. Until then chosen squares stay
  // where the user has moved them: an older answer must not move them back.
  const behind = () => Boolean(waiting) || model.get("_answered") < asked;

  const terms = choiceTable(loss.root, (key) => ask({ type: "term", key }));
  const layers = choiceTable(layer.root, (key) => ask({ type: "layer", key }));
  const showing = element(squares.root, "label", "above");
  const showWords = element(showing, "span");
  const show = element(showing, "select");
  const matrix = boardRow(squares.root, (x, y) => {
    matrix.at([x, y]);
    ask({ type: "cell", x, y });
  }, "pictures");
  const chosen = element(squares.root, "p", "total");
  const note = element(squares.root, "p", "hint");
  const hint = element(squares.root, "p", "hint");
  hint.textContent = "Click, or move with the arrow keys (Shift: 10 at once). Brightness "
    + "goes by the square root, so that small numbers are seen, too.";
  const chain = element(maps.root, "div", "lines");
  const rowsHere = element(maps.root, "div");
  let rows = [];
  const rowHint = element(maps.root, "p", "hint");
  const lines = element(sums.root, "div", "lines");

  follow.addEventListener("change", () => ask({ type: "follow", on: follow.checked }, false));
  frame.addEventListener("input", () => {
    frameTold.textContent = frame.value;
    ask({ type: "frame", index: Number(frame.value) });
  });
  show.addEventListener("change", () => ask({ type: "show", option: show.selectedIndex }));

  const colors = tables(model.get("_palettes"));
  function sheet(name) {
    const [scene, detail] = [model.get("_scene"), model.get("_detail")];
    const mine = detail.sheets && name in detail.sheets;
    return mine
      ? { colors, plan: detail.sheets[name], pixels: model.get("_detail_pixels") }
      : { colors, plan: scene.sheets[name], pixels: model.get("_scene_pixels") };
  }

  // What is drawn already is not drawn again: a click changes the detail alone.
  let [shownScene, shownDetail] = [null, null];
  function paint() {
    const [scene, detail] = [model.get("_scene"), model.get("_detail")];
    if (!scene.title) return;
    title.textContent = scene.title;
    facts.textContent = scene.facts ?? "";
    body.hidden = trail.hidden = !scene.terms;
    following.hidden = scene.follows === null;
    follow.checked = Boolean(scene.follows);
    framing.hidden = !scene.frames;
    if (!scene.terms) return;
    const fresh = scene !== shownScene;
    if (fresh) paintScene(scene, detail);
    else if (!behind()) matrix.at(detail.cell);
    if (fresh || detail !== shownDetail) paintDetail(detail);
    [shownScene, shownDetail] = [scene, detail];
    if (speaking) said.textContent = detail.said;
    speaking = false;
    root.dataset.shown = String(model.get("_serial"));
  }

  function paintScene(scene, detail) {
    if (scene.frames) {
      frame.max = String(scene.frames.count - 1);
      if (document.activeElement !== frame) frame.value = String(scene.frames.index);
      frameTold.textContent = frame.value;
    }
    loss.say("The loss is a sum", "A loss says how far the picture is from what is asked of it. "
      + "It is a sum of terms, each with its weight; to paint is to change pixels so that the sum "
      + "gets smaller. Choose a term to look inside.");
    terms.show(scene.terms);
    layer.say(STEPS[scene.term], LAYER_WORDS[scene.term]);
    layers.show(scene.layers);
    const { chooser } = scene;
    squares.say(chooser.title, chooser.words);
    showing.hidden = !chooser.show;
    if (chooser.show) {
      showWords.textContent = chooser.show.label;
      show.replaceChildren();
      for (const words of chooser.show.options) element(show, "option").textContent = words;
      show.selectedIndex = chooser.show.index;
    }
    note.textContent = chooser.note;
    note.hidden = !chooser.note;
    const say = (x, y) => {
      const [column, line] = [Math.round(x), Math.round(y)];
      const cell = line * chooser.columns + column;
      const named = (index) => (chooser.names.length ? chooser.names[index] : index);
      return chooser.pattern.replace("{x}", named(column)).replace("{y}", named(line))
        .replace("{cell}", chooser.names[cell] ?? "none");
    };
    const kind = chooser.cross ? "cross" : "cell";
    matrix.show({ ...chooser, name: "", place: detail.cell }, sheet, {
      kind, say, keep: behind(),
    });
  }

  function paintDetail(detail) {
    chosen.textContent = detail.said;
    showTrail(trail, detail.trail);
    maps.say(detail.title, detail.words);
    showLines(chain, detail.chain);
    const same = rows.length === detail.rows.length
      && rows.every(({ fixed }, index) => fixed === Boolean(detail.rows[index].fixed));
    if (!same) {
      rowsHere.replaceChildren();
      rows = detail.rows.map(({ fixed }, index) => {
        const pick = fixed ? null : (x, y) => ask({ type: "place", row: index, x, y });
        const boards = boardRow(rowsHere, pick, "product");
        return { boards, words: element(rowsHere, "p", "row-said"), fixed: Boolean(fixed) };
      });
    }
    for (const [index, row] of detail.rows.entries()) {
      const { boards, words, fixed } = rows[index];
      const at = (x, y) => `column ${Math.round(x)}, row ${Math.round(y)}`;
      boards.show(row, sheet, { kind: "spot", say: at, keep: behind() && !fixed });
      setMath(words, row.said);
      words.hidden = fixed;
    }
    rowHint.textContent = "The ring marks one position, the same in all pictures of a row. Click "
      + "another, or move it with the arrow keys.";
    rowHint.hidden = rows.every(({ fixed }) => fixed);
    sums.say("The numbers", "Follow them with a calculator: rounded here, they are exact in the sum.");
    showLines(lines, detail.sums);
  }

  const stopListening = listen(model, [
    ["change:_serial", paint], ["change:_answered", answered],
  ]);
  asked = model.get("_answered");
  paint();
  return stopListening;
}

export default { render };
