/** The bar above the remote screen: how it is shown, keys that the browser keeps for itself, text, end. */

/** What the menu of keys sends. @type {Record<string, readonly string[]>} */
const COMBINATIONS = {
  "ctrl-alt-del": ["ControlLeft", "AltLeft", "Delete"],
  "alt-tab": ["AltLeft", "Tab"],
  "alt-f4": ["AltLeft", "F4"],
  "ctrl-shift-escape": ["ControlLeft", "ShiftLeft", "Escape"],
  "ctrl-w": ["ControlLeft", "KeyW"],
  "ctrl-t": ["ControlLeft", "KeyT"],
  super: ["MetaLeft"],
  "print-screen": ["PrintScreen"],
  escape: ["Escape"],
  f11: ["F11"],
  "caps-lock": ["CapsLock"],
  "num-lock": ["NumLock"],
};

/**
 * @typedef {object} Handlers
 * @property {(exact: boolean) => void} exact
 * @property {(codes: readonly string[]) => void} keys
 * @property {() => void} release
 * @property {(text: string) => void} text
 * @property {() => void} refresh
 * @property {() => void} end
 * @property {() => void} back gives the focus back to the remote screen
 */

export class Toolbar {
  #root;
  #on;
  #exact;
  #full;
  #menu;
  #more;
  #dialog;
  #typed;

  /**
   * @param {Document} page
   * @param {Handlers} on
   */
  constructor(page, on) {
    this.#on = on;
    this.#root = part(page, "bar", HTMLElement);
    this.#exact = part(page, "exact", HTMLButtonElement);
    this.#full = part(page, "full", HTMLButtonElement);
    this.#menu = part(page, "keys", HTMLDetailsElement);
    this.#more = part(page, "more", HTMLButtonElement);
    this.#dialog = part(page, "text-dialog", HTMLDialogElement);
    this.#typed = part(page, "text-field", HTMLTextAreaElement);

    this.#exact.addEventListener("click", () => this.#toggleExact());
    this.#full.addEventListener("click", () => void this.#toggleFull());
    this.#full.hidden = !page.fullscreenEnabled;
    page.addEventListener("fullscreenchange", () => this.#showFull());
    this.#more.addEventListener("click", () => this.#open(this.#more.getAttribute("aria-expanded") !== "true"));
    part(page, "refresh", HTMLButtonElement).addEventListener("click", () => this.#done(() => on.refresh()));
    part(page, "end", HTMLButtonElement).addEventListener("click", () => this.#done(() => on.end()));
    this.#listenToMenu();
    this.#listenToDialog(page);
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      if (this.#menu.open) this.#closeMenu();
      else this.#done(() => undefined);
    });
  }

  /**
   * Offer what this session allows.
   * @param {{ live: boolean, control: boolean }} may
   */
  show({ live, control }) {
    this.#root.classList.toggle("is-live", live);
    for (const tool of this.#root.querySelectorAll("[data-needs]")) {
      const needs = /** @type {HTMLElement} */ (tool).dataset.needs;
      /** @type {HTMLElement} */ (tool).hidden = !(live && (needs === "live" || control));
    }
    if (!live || !control) {
      this.#closeMenu();
      this.#dialog.close();
    }
  }

  /** Put the focus on the first tool. */
  focus() {
    this.#open(true);
    const first = [...this.#root.querySelectorAll("button, summary, a")].find(
      (tool) => tool instanceof HTMLElement && tool.id !== "more" && tool.offsetParent !== null,
    );
    if (first instanceof HTMLElement) first.focus();
  }

  #listenToMenu() {
    this.#menu.addEventListener("focusout", (event) => {
      if (event.relatedTarget instanceof Node && !this.#menu.contains(event.relatedTarget)) this.#menu.open = false;
    });
    for (const button of this.#menu.querySelectorAll("button")) {
      button.addEventListener("click", () =>
        this.#done(() => {
          const codes = COMBINATIONS[button.dataset.keys ?? ""];
          if (codes === undefined) this.#on.release();
          else this.#on.keys(codes);
        }),
      );
    }
  }

  /** @param {Document} page */
  #listenToDialog(page) {
    part(page, "text", HTMLButtonElement).addEventListener("click", () => {
      this.#open(false);
      this.#dialog.showModal();
    });
    this.#dialog.addEventListener("close", () => {
      const text = this.#typed.value;
      const send = this.#dialog.returnValue === "send" && text !== "";
      this.#dialog.returnValue = "";
      if (send) {
        // It may have been a password: it does not wait here for the next one to look.
        this.#typed.value = "";
        this.#on.text(text);
      }
      this.#on.back();
    });
  }

  #toggleExact() {
    const exact = this.#exact.getAttribute("aria-pressed") !== "true";
    this.#exact.setAttribute("aria-pressed", String(exact));
    this.#done(() => this.#on.exact(exact));
  }

  async #toggleFull() {
    this.#open(false);
    try {
      if (document.fullscreenElement !== null) await document.exitFullscreen();
      else await document.documentElement.requestFullscreen();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // The browser does not let this page: the button goes, the session stays.
      this.#full.hidden = true;
    }
    this.#on.back();
  }

  #showFull() {
    const full = document.fullscreenElement !== null;
    this.#full.setAttribute("aria-pressed", String(full));
    // In full screen the browser may hand over the keys that it otherwise keeps (Keyboard Lock API).
    const { keyboard } = /** @type {Navigator & { keyboard?: { lock?: () => Promise<void>, unlock?: () => void } }} */ (navigator);
    if (full) keyboard?.lock?.().catch(() => undefined);
    else keyboard?.unlock?.();
  }

  /** @param {boolean} open */
  #open(open) {
    this.#more.setAttribute("aria-expanded", String(open));
    this.#root.classList.toggle("is-open", open);
  }

  #closeMenu() {
    if (!this.#menu.open) return;
    this.#menu.open = false;
    this.#menu.querySelector("summary")?.focus();
  }

  /** @param {() => void} act */
  #done(act) {
    this.#menu.open = false;
    this.#open(false);
    act();
    this.#on.back();
  }
}

/**
 * @template {HTMLElement} T
 * @param {Document} page
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function part(page, id, kind) {
  const element = page.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page lacks #${id}`);
  return element;
}
