// What was typed into a long text survives a closed tab, a lost login and a crash, until it was sent.

/** @param {HTMLTextAreaElement} box */
function keyOf(box) {
  // A form that came back with faults stands at the address it was posted to; both mean the same text.
  const page = location.pathname.replace(/\/(messages|resolve|claim|assign|status|join-code)$/, "");
  return `towline-draft:${page}:${box.name}`;
}

const boxes = [...document.querySelectorAll("textarea[data-draft]")].filter((box) => box instanceof HTMLTextAreaElement);
const done = new URLSearchParams(location.search).get("done");

try {
  for (const box of boxes) {
    if (sessionStorage.getItem(`${keyOf(box)}:sent`) !== null) {
      // Sent from here: kept only when the form came back (then the server has filled it) or a login came between.
      sessionStorage.removeItem(`${keyOf(box)}:sent`);
      if (done) sessionStorage.removeItem(keyOf(box));
    }
    const kept = sessionStorage.getItem(keyOf(box));
    if (kept && !box.value) {
      box.value = kept;
      box.closest("details")?.setAttribute("open", "");
    }
    // Somebody may have begun to type before this script was here.
    if (box.value !== box.defaultValue) sessionStorage.setItem(keyOf(box), box.value);
    box.addEventListener("input", () => sessionStorage.setItem(keyOf(box), box.value));
    box.form?.addEventListener("submit", () => sessionStorage.setItem(`${keyOf(box)}:sent`, "yes"));
  }
} catch (error) {
  // No storage here (switched off, or full): the form works without it.
  if (!(error instanceof DOMException)) throw error;
}

// A technician's drafts are kept on the server too, so that they can be finished on another computer.
const KEEP_AFTER_MS = 1_500;
for (const box of boxes) {
  const folder = document.getElementById("main")?.dataset.drafts;
  if (!folder) break;
  const address = `${folder}/${box.dataset.draft}`;
  let waiting = 0;
  let sent = false;
  const keep = () => {
    if (sent) return;
    const body = JSON.stringify({ text: box.value });
    // No network: the browser has it, and the next key press tries again.
    void fetch(address, { method: "PUT", headers: { "content-type": "application/json" }, body, keepalive: true }).catch(() => null);
  };
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(keep, KEEP_AFTER_MS);
  });
  box.form?.addEventListener("submit", () => {
    sent = true;
    clearTimeout(waiting);
  });
  if (box.value) continue;
  void fetch(address).then(async (answer) => {
    const { text } = answer.ok ? /** @type {{text: string}} */ (await answer.json()) : { text: "" };
    if (!text || box.value) return;
    box.value = text;
    box.closest("details")?.setAttribute("open", "");
  }).catch(() => null);
}
