// The look-up form: says while typing whether the number can be right, and needs no key that this browser has.

import { need } from "./dom.js";
import { keepKey, knownKey, readKey } from "./keys.js";
import { readTracking } from "./tracking.js";
import { t } from "./words.js";

/** @param {HTMLFormElement} form */
function watch(form) {
  const prefix = form.dataset.prefix ?? "TL";
  const number = need(form, "[name=tracking]", HTMLInputElement);
  const verdict = need(form, "#tracking-verdict", HTMLElement);
  const key = need(form, "[name=key]", HTMLInputElement);
  const keyField = need(form, "[data-key-field]", HTMLElement);
  const keyKnown = need(form, "[data-key-known]", HTMLElement);

  /** @param {boolean} finished whether the person has left the field */
  const judge = (finished) => {
    const link = /\/t\/([^/?#\s]+)\/?#(\S+)$/.exec(number.value.trim());
    if (link?.[1] && link[2]) {
      number.value = decodeURIComponent(link[1]);
      key.value = link[2];
    }
    const reading = readTracking(number.value, prefix);
    const wrong = !reading.ok && number.value.trim() !== "" && (reading.complete || finished);
    const kept = reading.ok && knownKey(reading.tracking) !== null;
    verdict.textContent = reading.ok ? t("{tracking}: this can be a number of ours.", { tracking: reading.tracking }) : wrong ? reading.why : "";
    verdict.className = reading.ok ? "fine" : wrong ? "fault" : "";
    number.toggleAttribute("aria-invalid", false);
    if (wrong) number.setAttribute("aria-invalid", "true");
    keyField.hidden = kept;
    keyKnown.hidden = !kept;
    key.required = !kept;
    return reading;
  };

  number.addEventListener("input", () => judge(false));
  number.addEventListener("change", () => judge(true));
  form.addEventListener("submit", (event) => {
    const reading = judge(true);
    if (!reading.ok) {
      event.preventDefault();
      number.focus();
      return;
    }
    const given = readKey(key.value);
    if (knownKey(reading.tracking) === null && given === null) return; // the server says what is wrong with the key
    event.preventDefault();
    if (given !== null) keepKey(reading.tracking, given);
    location.assign(`/t/${reading.tracking}`);
  });
  if (number.value) judge(true);
}

for (const form of document.querySelectorAll("form[data-lookup]")) if (form instanceof HTMLFormElement) watch(form);
