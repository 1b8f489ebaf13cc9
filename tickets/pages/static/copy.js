// Buttons that copy the text of another element.

import { t } from "./words.js";

/** @param {HTMLButtonElement} button @param {() => string} text */
export function copies(button, text) {
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = t("Copied");
    } catch {
      // The browser may refuse for reasons of its own; all of them end the same way for the person.
      button.textContent = t("Please mark the text and copy it");
    }
    setTimeout(() => { button.textContent = words; }, 2_500);
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.getAttribute("data-copy") ?? "");
  if (button instanceof HTMLButtonElement && source) copies(button, () => source.textContent.trim());
}
