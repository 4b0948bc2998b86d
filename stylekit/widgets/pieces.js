// Files in pieces over a widget's own channel, whichever way: a server's default takes no message
// above 10 MiB. A few pieces are on their way at a time; each is answered, and offsets are checked.

const PIECE = 1 << 20;
const AHEAD = 4 * PIECE;
const ANSWER_WITHIN_MS = 10_000;
const SILENCE = "The kernel does not answer: it is busy with another cell, or gone.";
const GARBLED = "It was garbled on its way; try again.";

// The messages for one transfer, which its token tells from all others, one after the other.
// `onSilence(true)` is called when the kernel has not answered for long, and `onSilence(false)`
// when it does again: it may only be busy, so nothing ends by itself.
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
      // The manager marks the view of a kernel that was restarted.
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

// Gives true when the kernel has all of `file`, false when it wants no more of it.
async function sendFile(model, el, file, { onProgress, ...options }) {
  const channel = openChannel(model, el, options);
  try {
    channel.send({ type: "begin", name: file.name, size: file.size });
    let [sent, taken] = [0, -PIECE];
    for (;;) {
      const answer = await channel.next();
      if (answer.type === "stop") return false;
      if (answer.offset !== Math.min(taken + PIECE, file.size)) throw new Error(GARBLED);
      taken = answer.offset;
      onProgress(taken);
      if (taken === file.size) return true;
      while (sent < file.size && sent - taken < AHEAD) {
        const piece = await file.slice(sent, sent + PIECE).arrayBuffer();
        options.signal.throwIfAborted();
        channel.send({ type: "piece", offset: sent }, [piece]);
        sent += piece.byteLength;
      }
    }
  } catch (error) {
    try {
      channel.send({ type: "cancel" });
    } catch {
      // Nobody is there to hear it.
    }
    throw error;
  } finally {
    channel.close();
  }
}

// Gives a Blob of the kernel's file that `want` names.
async function fetchFile(model, el, want, mediaType, { onProgress, ...options }) {
  const channel = openChannel(model, el, options);
  const pieces = [];
  try {
    let [asked, taken, size, stamp] = [PIECE, 0, 0, null];
    channel.send({ ...want, type: "want", offset: 0, stamp });
    do {
      const answer = await channel.next();
      if (answer.type === "gone") throw new Error(answer.words);
      const [piece] = answer.buffers;
      ({ size, stamp } = answer);
      if (answer.offset !== taken || piece.byteLength !== Math.min(PIECE, size - taken)) {
        throw new Error(GARBLED);
      }
      pieces.push(piece);
      taken += piece.byteLength;
      onProgress(taken, size);
      for (; asked < size && asked - taken < AHEAD; asked += PIECE) {
        channel.send({ ...want, type: "want", offset: asked, stamp });
      }
    } while (taken < size);
    return new Blob(pieces, { type: mediaType });
  } finally {
    channel.close();
  }
}
