// Transfer of files in chunks, in both directions, through the messages of a widget. A Jupyter
// server by default accepts no message above 10 MiB. Up to four chunks are sent ahead of the
// answers; every chunk is answered, and its offset is checked.

import { listen, newName } from "./dom.js";

const CHUNK_BYTES = 1 << 20;
const AHEAD = 4 * CHUNK_BYTES;
const ANSWER_WITHIN_MS = 10_000;
export const SILENCE = "The kernel does not answer: it is busy with another cell, or gone.";
const DAMAGED = "It was damaged during the transfer; try again.";

// The messages of one transfer, in order; a token distinguishes them from those of other transfers.
// `onSilence(true)` is called when the kernel has not answered for a while, and `onSilence(false)`
// when it answers again. The transfer goes on, because the kernel may only be busy.
function openChannel(model, el, { signal, onSilence }) {
  const token = newName();
  const waiting = [];
  let wake = () => {};
  const onMessage = (message, buffers) => {
    if (message?.token !== token) return;
    waiting.push({ ...message, buffers });
    wake();
  };
  const stopListening = listen(model, [["msg:custom", onMessage]]);
  signal.addEventListener("abort", () => wake(), { once: true });

  async function next() {
    const since = performance.now();
    let silent = false;
    while (!waiting.length) {
      signal.throwIfAborted();
      // The widget manager gives this class to the views of a kernel that was restarted.
      if (el.closest(".jupyter-widgets-disconnected")) {
        throw new Error("The kernel is gone: run the cell again.");
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 500);
        wake = () => (clearTimeout(timer), resolve());
      });
      if (!waiting.length && !silent && performance.now() - since > ANSWER_WITHIN_MS) {
        silent = true;
        onSilence(true);
      }
    }
    if (silent) onSilence(false);
    return waiting.shift();
  }

  return {
    token,
    next,
    send: (message, buffers) => model.send({ ...message, token }, undefined, buffers),
    close: stopListening,
  };
}

// Resolves to true when the kernel has received all of `file`, to false when it has refused the
// rest.
export async function sendFile(model, el, file, { onProgress, ...options }) {
  const channel = openChannel(model, el, options);
  try {
    channel.send({ type: "begin", name: file.name, size: file.size });
    let [sent, taken] = [0, -CHUNK_BYTES];
    for (;;) {
      const answer = await channel.next();
      if (answer.type === "stop") return false;
      if (answer.offset !== Math.min(taken + CHUNK_BYTES, file.size)) throw new Error(DAMAGED);
      taken = answer.offset;
      onProgress(taken);
      if (taken === file.size) return true;
      while (sent < file.size && sent - taken < AHEAD) {
        const chunk = await file.slice(sent, sent + CHUNK_BYTES).arrayBuffer();
        options.signal.throwIfAborted();
        channel.send({ type: "chunk", offset: sent }, [chunk]);
        sent += chunk.byteLength;
      }
    }
  } catch (error) {
    try {
      channel.send({ type: "cancel" });
    } catch {
      // The connection is closed, so there is nothing to cancel.
    }
    throw error;
  } finally {
    channel.close();
  }
}

// Resolves to a Blob with the contents of the file in the kernel that the message `want` names.
export async function fetchFile(model, el, want, mediaType, { onProgress, ...options }) {
  const channel = openChannel(model, el, options);
  const chunks = [];
  try {
    let [asked, taken, size, stamp] = [CHUNK_BYTES, 0, 0, null];
    channel.send({ ...want, type: "want", offset: 0, stamp });
    do {
      const answer = await channel.next();
      if (answer.type === "gone") throw new Error(answer.words);
      const [chunk] = answer.buffers;
      ({ size, stamp } = answer);
      if (answer.offset !== taken || chunk.byteLength !== Math.min(CHUNK_BYTES, size - taken)) {
        throw new Error(DAMAGED);
      }
      chunks.push(chunk);
      taken += chunk.byteLength;
      onProgress(taken, size);
      for (; asked < size && asked - taken < AHEAD; asked += CHUNK_BYTES) {
        channel.send({ ...want, type: "want", offset: asked, stamp });
      }
    } while (taken < size);
    return new Blob(chunks, { type: mediaType });
  } finally {
    channel.close();
  }
}
