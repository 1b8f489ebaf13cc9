// Times in the reader's own zone, and "3 hours ago" that stays true; the words are those of times.py.

import { LOCALE, t } from "./words.js";

const STEPS = /** @type {const} */ ([[60, 60, "minute"], [24, 3600, "hour"], [14, 86400, "day"]]);
const DAY = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const RELATIVE = new Intl.RelativeTimeFormat(LOCALE, { numeric: "always" });

/** @param {Date} at @returns {string} */
function full(at) {
  return `${DAY.format(at)}, ${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

/** @param {number} count @param {"minute" | "hour" | "day"} unit @returns {string} */
function span(count, unit) {
  return new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** @param {Date} at @param {Date} now @returns {string} */
export function ago(at, now) {
  const seconds = (now.getTime() - at.getTime()) / 1000;
  if (seconds < 60) return t("just now");
  for (const [limit, unit, name] of STEPS) {
    const count = Math.floor(seconds / unit);
    if (count < limit) return RELATIVE.format(-count, name);
  }
  return DAY.format(at);
}

/** @param {Date} at @param {Date} now @returns {string} */
export function due(at, now) {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const left = Math.abs(seconds);
  const [, unit, name] = STEPS.find(([limit, unit_s]) => Math.floor(left / unit_s) < limit) ?? STEPS[2];
  const count = Math.floor(left / unit);
  return seconds > 0
    ? t("Due {when}", { when: RELATIVE.format(count, name) })
    : t("Late by {span}", { span: span(count, name) });
}

/** @param {string} iso @returns {HTMLTimeElement} */
export function timeElement(iso) {
  const element = document.createElement("time");
  element.dateTime = iso;
  tell(element, new Date());
  return element;
}

/** @param {HTMLTimeElement} element @param {Date} now */
function tell(element, now) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const told = element.hasAttribute("data-due") ? due : ago;
  const words = element.hasAttribute("data-full") ? full(at) : told(at, now);
  if (element.textContent !== words) element.textContent = words;
  element.title = full(at);
}

export function tellAll() {
  const now = new Date();
  for (const element of document.querySelectorAll("time")) tell(element, now);
}

if (typeof document !== "undefined") {
  tellAll();
  setInterval(tellAll, 30_000);
}
