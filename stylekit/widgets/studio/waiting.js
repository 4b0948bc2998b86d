// The JavaScript of Waiting: one drawing on a canvas, with a description for screen readers.

import { start } from "./waiting_stage.js";

const WORDS = {
  points: "made of points that give way to the pointer",
  layers: "in coloured layers that swing to and fro",
  clock: "whose corners go round like the hands of clocks",
  shadows: "throwing shadows under a lamp that moves",
};

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "stylekit-waiting";
  canvas.setAttribute("role", "img");
  el.append(canvas);
  const picture = model.get("_picture");
  const describe = () => {
    const label = `A picture to watch while waiting: “${model.get("text")}” ${WORDS[picture]}.`;
    canvas.setAttribute("aria-label", label);
  };
  describe();
  const running = start(canvas, picture, { text: model.get("text"), seed: model.get("_seed") });
  const renamed = () => {
    describe();
    running.setText(model.get("text"));
  };
  model.on("change:text", renamed);
  return () => {
    model.off("change:text", renamed);
    running.stop();
  };
}

export default { render };
