// Files in a form: pasted, dropped or chosen. With an address in data-files-url they are sent at once and only named in
// the form; without one they go with the form, as they do without this script.

import { make } from "./dom.js";
import { Basket, gather, MOST_FILES, sizeWords } from "./upload.js";
import { t } from "./words.js";

for (const box of document.querySelectorAll("[data-files]")) {
  const form = box.closest("form");
  const input = box.querySelector("input[type=file]");
  const list = box.querySelector("[data-files-list]");
  if (!(form && box instanceof HTMLElement && input instanceof HTMLInputElement && list instanceof HTMLElement)) continue;
  const url = box.getAttribute("data-files-url");
  if (url) sendAtOnce(form, box, input, list, url);
  else sendWithForm(form, box, input, list);
}

/**
 * @param {HTMLFormElement} form @param {HTMLElement} box @param {HTMLInputElement} input @param {HTMLElement} list
 * @param {string} url
 */
function sendAtOnce(form, box, input, list, url) {
  const basket = new Basket(list, () => url, () => ({}));
  const named = document.createElement("input");
  named.type = "hidden";
  named.name = "uploaded";
  form.append(named);
  gather(box, form, (files) => {
    basket.add(files);
    input.value = "";
  });
  let ready = false;
  form.addEventListener("submit", (event) => {
    if (ready) return;
    event.preventDefault();
    // In front of once.js, which would count this as sent.
    event.stopImmediatePropagation();
    const { submitter } = event;
    void basket.ids().then((ids) => {
      named.value = ids.join(" ");
      ready = true;
      // Not before this event is over: a form in the middle of one ignores the next.
      setTimeout(() => form.requestSubmit(submitter), 0);
    });
  }, { capture: true });
  // Back out of the browser's memory: the files belong to the message that was sent.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    ready = false;
    basket.clear();
  });
}

/** @param {HTMLFormElement} form @param {HTMLElement} box @param {HTMLInputElement} input @param {HTMLElement} list */
function sendWithForm(form, box, input, list) {
  const kept = new DataTransfer();
  const show = () => {
    input.files = kept.files;
    list.replaceChildren(...[...kept.files].map((file, place) => {
      const remove = make("button", "quiet", t("Remove"));
      remove.setAttribute("type", "button");
      remove.setAttribute("aria-label", t("Remove {name}", { name: file.name }));
      remove.addEventListener("click", () => {
        kept.items.remove(place);
        show();
      });
      return make("li", "", `${file.name} `, make("span", "small muted", sizeWords(file.size)), " ", remove);
    }));
  };
  gather(box, form, (files) => {
    for (const file of files.slice(0, MOST_FILES - kept.items.length)) kept.items.add(file);
    show();
  });
}
