/** The connection's state on the page: a word in the bar always, and a panel with the next step when there is no live picture. */

import { describe } from "./status.js";

/**
 * @typedef {import("./status.js").State} State
 * @typedef {import("./status.js").Action} Action
 */

/** @type {Record<Action, string>} */
const LABELS = {
  end: "Stop trying",
  again: "Connect again",
  ticket: "Back to the ticket",
  "join-code": "Get a join code",
  solve: "Write the solution",
  login: "Log in",
  queue: "To the queue",
};

export class Notice {
  #parts;
  #who;
  #links;
  #act;

  /**
   * @param {object} options
   * @param {{ state: HTMLElement, panel: HTMLElement, heading: HTMLElement, text: HTMLElement, next: HTMLElement, detail: HTMLElement, actions: HTMLElement }} options.parts
   * @param {string} options.who the requester's name
   * @param {Partial<Record<Action, string>>} options.links actions that lead to another page
   * @param {(action: Action) => void} options.act the others
   */
  constructor({ parts, who, links, act }) {
    this.#parts = parts;
    this.#who = who;
    this.#links = links;
    this.#act = act;
  }

  /**
   * @param {State} state
   * @param {string} [detail] what the server said about it
   */
  show(state, detail = "") {
    const words = describe(state, this.#who);
    const { panel, heading, text, next, actions } = this.#parts;
    document.body.dataset.state = state;
    document.body.dataset.tone = words.tone;
    this.#parts.state.textContent = words.short;
    panel.hidden = words.tone === "live" || words.tone === "warn";
    heading.textContent = words.heading;
    text.textContent = words.text;
    next.textContent = words.next;
    next.hidden = words.next === "";
    this.#parts.detail.textContent = detail;
    this.#parts.detail.hidden = detail === "";
    actions.replaceChildren(...words.actions.map((action, index) => this.#control(action, index === 0)));
    // Only an end takes the focus: while waiting, the person may be somewhere else on the page.
    if (words.tone === "bad" || words.tone === "done") panel.focus({ preventScroll: true });
  }

  /**
   * @param {Action} action
   * @param {boolean} first
   */
  #control(action, first) {
    const address = this.#links[action];
    const main = first && action !== "end";
    if (address !== undefined) {
      const link = document.createElement("a");
      link.href = address;
      link.className = main ? "button main" : "button";
      link.textContent = LABELS[action];
      // The page of a running attempt stays open beside the ticket.
      if (action === "join-code") link.target = "_blank";
      return link;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = main ? "main" : "";
    button.textContent = LABELS[action];
    button.addEventListener("click", () => this.#act(action));
    return button;
  }
}
