// The texts of the browser modules in the language of the page, and how that language writes numbers and times.

const page = typeof document === "undefined" ? null : document;
const block = page?.getElementById("words");
/** @type {Record<string, string>} */
const known = block ? JSON.parse(block.textContent) : {};

export const LANGUAGE = page?.documentElement.lang || "en";
/** As the server: day before month, and hours from 0 to 23. */
export const LOCALE = LANGUAGE === "en" ? "en-GB" : LANGUAGE;

/**
 * @param {string} text in English, as it stands in the catalogue
 * @param {Record<string, string | number>} [values] what stands for its {placeholders}
 * @returns {string}
 */
export function t(text, values = {}) {
  return (known[text] ?? text).replaceAll(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
