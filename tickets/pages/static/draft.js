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
