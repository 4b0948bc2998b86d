// The JavaScript of PictureStrip: a group of radio buttons, each a small picture with a label.

import { element, listen, newName } from "./dom.js";

function render({ model, el }) {
  const root = element(el, "fieldset", "stylekit-part stylekit-strip");
  element(root, "legend").textContent = model.get("_legend");
  const row = element(root, "div", "row");
  const group = newName();
  let inputs = [];
  let addresses = [];

  function release() {
    for (const address of addresses) URL.revokeObjectURL(address);
    addresses = [];
  }

  function show() {
    release();
    row.replaceChildren();
    const labels = model.get("_labels");
    inputs = model.get("_pictures").map((bytes, index) => {
      const label = element(row, "label");
      const input = element(label, "input", "unseen", { type: "radio", name: group });
      const address = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
      addresses.push(address);
      // The text is empty because the label beside the picture describes it.
      element(label, "img", "", { src: address, alt: "", draggable: "false" });
      element(label, "span").textContent = labels[index];
      input.addEventListener("change", () => model.send({ type: "pick", index }));
      return input;
    });
    root.hidden = !inputs.length;
    choose();
  }

  function choose() {
    const selected = model.get("selected");
    inputs.forEach((input, index) => (input.checked = index === selected));
  }

  const stop = listen(model, [["change:_pictures", show], ["change:selected", choose]]);
  show();
  return () => {
    stop();
    release();
  };
}

export default { render };
