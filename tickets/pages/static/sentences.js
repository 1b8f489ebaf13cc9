// Finished English sentences of the help desk (lines of a timeline, refusals) in the language of the page; the mirror of
// sentences.py.

import { LANGUAGE } from "./words.js";

const FOREIGN = /^(?:\w*_)?(?:address|by|email|key|label|name|subject|title|tracking|who)\d*$/;
const FEWEST_LETTERS = 3;
const LONGEST = 1_000;
const DEEPEST = 3;
const END = /(?<=[.!?])\s+/u;
const FIELD = /^([\w.-]{1,40}): (.+)$/su;
const NAME = /\{(\w+)\}/g;

/** @typedef {[RegExp, string]} Pattern */

export class Sentences {
  /** @param {Record<string, string>} said what each message is in the language */
  constructor(said) {
    this.exact = new Map(Object.entries(said));
    /** @type {Pattern[]} */
    this.patterns = Object.keys(said).filter(isPattern)
      // The more words of its own a pattern has, the less can another one be meant.
      .sort((one, other) => other.replaceAll(NAME, "").length - one.replaceAll(NAME, "").length)
      .map((message) => [patternOf(message), said[message] ?? ""]);
  }

  /** @param {string} text @returns {string} the text in the language, or as it is when it is unknown */
  say(text) {
    return text.length > LONGEST || this.exact.size === 0 ? text : this.#text(text, 0);
  }

  /** @param {string} text @param {number} depth @returns {string} */
  #text(text, depth) {
    const parts = text.split(END);
    const found = parts.map((part) => this.#sentence(part, depth));
    const each = found.map((said, place) => said ?? parts[place]).join(" ");
    if (!found.includes(null)) return each;
    const whole = this.#sentence(text, depth);
    if (whole !== null) return whole;
    const field = FIELD.exec(text);
    const rest = field ? this.#sentence(field[2] ?? "", depth) : null;
    return field && rest !== null ? `${field[1]}: ${rest}` : each;
  }

  /** @param {string} text @param {number} depth @returns {string | null} */
  #sentence(text, depth) {
    const exact = this.exact.get(text);
    if (exact !== undefined) return exact;
    if (depth >= DEEPEST) return null;
    for (const [pattern, said] of this.patterns) {
      const groups = pattern.exec(text)?.groups;
      if (!groups) continue;
      return said.replaceAll(NAME, (whole, name) => {
        const value = groups[name];
        return value === undefined ? whole : FOREIGN.test(name) ? value : this.#text(value, depth + 1);
      });
    }
    return null;
  }
}

/** @param {string} message @returns {boolean} whether it has placeholders, and words enough to be known by */
function isPattern(message) {
  const rest = message.replaceAll(NAME, "");
  return rest !== message && !/[{}]/.test(rest) && (rest.match(/\p{L}/gu)?.length ?? 0) >= FEWEST_LETTERS;
}

/** @param {string} message @returns {RegExp} what its sentences look like */
function patternOf(message) {
  const seen = new Set();
  const source = message.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>.+?)`;
  });
  return new RegExp(`^${source.join("")}$`, "su");
}

/** @type {Promise<Sentences> | null} */
let learned = null;

/** @returns {Promise<Sentences>} the sentences of the page's language; none when it is English, or without a network */
export function sentences() {
  learned ??= LANGUAGE === "en" ? Promise.resolve(new Sentences({})) : learn();
  return learned;
}

async function learn() {
  try {
    const answer = await fetch(`/language/${LANGUAGE}.json`);
    return new Sentences(answer.ok ? await answer.json() : {});
  } catch {
    learned = null; // asked again with the next sentence
    return new Sentences({});
  }
}
