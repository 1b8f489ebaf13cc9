// Puts a canned answer into the reply where the cursor stands; without this script the page comes back with it.

import { need } from "./dom.js";

/** @param {HTMLTextAreaElement} box @param {string} text */
export function insert(box, text) {
  const before = box.value.slice(0, box.selectionStart);
  const after = box.value.slice(box.selectionEnd);
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  box.setRangeText(gap + text, before.length, box.value.length - after.length, "end");
  // The draft and whoever else listens.
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
}

/** @param {HTMLElement} picker */
function watch(picker) {
  // Nobody has written one yet.
  if (!picker.querySelector("select")) return;
  const select = need(picker, "select", HTMLSelectElement);
  const button = need(picker, "button", HTMLButtonElement);
  const box = need(document, "textarea[name=text]", HTMLTextAreaElement);
  const tracking = picker.dataset.canned ?? "";

  const use = async () => {
    if (!select.value) return select.focus();
    const path = `/api/v1/tickets/${encodeURIComponent(tracking)}/canned-answers/${encodeURIComponent(select.value)}`;
    try {
      const answer = await fetch(path, { method: "POST" });
      if (!answer.ok) return void button.form?.requestSubmit(button);
      insert(box, /** @type {{text: string}} */ (await answer.json()).text);
      select.value = "";
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // No network: nothing was inserted, and nothing that was typed is gone.
      select.focus();
    }
  };

  button.addEventListener("click", (event) => {
    event.preventDefault();
    void use();
  });
  select.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    void use();
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && event.code === "KeyC") {
      event.preventDefault();
      select.focus();
    }
  });
}

if (typeof document !== "undefined") {
  for (const picker of document.querySelectorAll("[data-canned]")) {
    if (picker instanceof HTMLElement) watch(picker);
  }
}
