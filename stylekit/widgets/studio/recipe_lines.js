// The JavaScript of RecipeLines: lines to copy, and the link of the page.

import { copyLine } from "../base/copy_line.js";
import { element, listen } from "../base/dom.js";

// The addresses of JupyterLab and Notebook are those of files, not of a page with a state.
const isOwnPage = () => !document.querySelector("#jp-main-dock-panel, body[data-notebook]");

function render({ model, el }) {
  const root = element(el, "div", "stylekit-part stylekit-column studio-recipe");
  let rows = [];

  function draw() {
    const { origin, pathname } = location;
    const fragment = model.get("_fragment");
    const link = fragment && isOwnPage() ? [["as a link", `${origin}${pathname}#${fragment}`]] : [];
    const lines = [...model.get("_lines"), ...link];
    if (rows.length !== lines.length) {
      root.replaceChildren();
      rows = lines.map(([label]) => copyLine(root, label, label));
    }
    lines.forEach(([, line], index) => rows[index].set(line));
    root.hidden = !lines.length;
  }

  function read() {
    const fragment = location.hash.slice(1);
    if (!fragment.includes("=")) return;
    model.send({ type: "link", fragment });
    // Once only: after a reload the page is as the user has left it.
    history.replaceState(null, "", location.pathname + location.search);
  }

  const reads = model.get("_reads") && isOwnPage();
  const stop = listen(model, [["change:_lines", draw], ["change:_fragment", draw]]);
  if (reads) {
    addEventListener("hashchange", read);
    read();
  }
  draw();
  return () => {
    stop();
    removeEventListener("hashchange", read);
  };
}

export default { render };
