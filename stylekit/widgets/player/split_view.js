// The JavaScript of SplitView: two pictures, one above the other, and a divider between them.

import { divider } from "./divider.js";
import { element, listen, statusLine } from "../base/dom.js";
import { fullScreenButton, toolRow, zoomTools } from "../base/frame.js";

async function decoded(bytes, type) {
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([bytes], { type }));
  await picture.decode();
  return picture;
}

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-split");
  const frame = element(root, "div", "stylekit-frame");
  const stage = element(frame, "div", "stylekit-stage divided");
  const { row, rename } = divider(root, stage);
  const tools = toolRow(root);
  // The pointer moves the divider.
  zoomTools(tools, root, frame, stage, () => false);
  const leaveFullScreen = fullScreenButton(tools, root);
  const say = statusLine(root);
  let pictures = [];

  function fit() {
    if (!pictures.length) return;
    const { naturalWidth: width, naturalHeight: height } = pictures[0];
    root.style.setProperty("--width", `${model.get("width") || width}px`);
    root.style.setProperty("--ratio", String(width / height));
  }

  function release() {
    for (const picture of pictures) {
      picture.remove();
      URL.revokeObjectURL(picture.src);
    }
    pictures = [];
  }

  async function show() {
    const serial = model.get("_serial");
    frame.hidden = row.hidden = tools.hidden = !serial;
    if (!serial) return;
    const parts = ["before", "after"];
    try {
      const arrived = await Promise.all(
        parts.map((part) => decoded(model.get(`_${part}`), model.get("_media_type")))
      );
      // If newer pictures have arrived meanwhile, another call of this function shows them.
      if (serial !== model.get("_serial")) return;
      release();
      rename(parts.map((part) => model.get(`_name_${part}`)));
      pictures = arrived;
      for (const [index, part] of parts.entries()) {
        pictures[index].className = "layer";
        pictures[index].alt = `${model.get(`_name_${part}`)}: ${model.get(`_alt_${part}`)}`;
        pictures[index].draggable = false;
      }
      stage.prepend(...pictures);
      fit();
      say("");
      root.dataset.painted = String(serial);
    } catch (error) {
      say(`The pictures cannot be shown: ${error.message || error}`, "bad");
    }
  }

  const stopListening = listen(model, [["change:_serial", show], ["change:width", fit]]);
  show();
  return () => {
    stopListening();
    leaveFullScreen();
    release();
  };
}

export default { render };
