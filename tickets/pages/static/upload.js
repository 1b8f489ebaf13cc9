// Files on their way: one after the other, each with how far it is. Used by technicians' forms and the requester's page.

import { make } from "./dom.js";
import { sentences } from "./sentences.js";
import { LOCALE, t } from "./words.js";

export const MOST_FILES = 20;

/** @typedef {{id: string, name: string, type: string, size_bytes: number, shown: boolean}} Attachment */

export class UploadRefused extends Error {}

/** @param {number} bytes @returns {string} */
export function sizeWords(bytes) {
  if (bytes < 1024) return t("{count} bytes", { count: bytes });
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toLocaleString(LOCALE, { maximumFractionDigits: 1 })} MB`;
}

/**
 * @param {string} url @param {File} file @param {Record<string, string>} headers @param {(share: number) => void} onProgress
 * @returns {Promise<Attachment>} Rejects with UploadRefused, whose message is for people.
 */
export function upload(url, file, headers, onProgress) {
  return new Promise((resolve, reject) => {
    // fetch tells nothing about what was sent so far.
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader("x-file-name", encodeURIComponent(file.name || "picture.png"));
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 201) return resolve(/** @type {Attachment} */ (JSON.parse(request.responseText)));
      let detail = t("Please try again in a minute.");
      try {
        detail = /** @type {{detail?: string}} */ (JSON.parse(request.responseText)).detail ?? detail;
      } catch {
        // Not from the help desk itself: a proxy's page, say.
      }
      void sentences().then((known) => reject(new UploadRefused(known.say(detail))));
    });
    request.addEventListener("error", () => reject(new UploadRefused(t("The help desk can’t be reached at the moment."))));
    request.send(file);
  });
}

/**
 * Lets people choose, paste and drop files; each is handed on at once.
 * @param {HTMLElement} box the field with the file input @param {HTMLElement} around where files may be pasted or dropped
 * @param {(files: File[]) => void} take
 */
export function gather(box, around, take) {
  const input = box.querySelector("input[type=file]");
  if (!(input instanceof HTMLInputElement)) return;
  box.querySelector("[data-files-paste]")?.removeAttribute("hidden");
  input.addEventListener("change", () => { if (input.files?.length) take([...input.files]); });
  around.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  });
  around.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    around.classList.add("dropping");
  });
  for (const end of ["dragleave", "drop"]) around.addEventListener(end, () => around.classList.remove("dropping"));
  around.addEventListener("drop", (event) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  });
}

/** The files of one message while it is written: sent at once, shown with how far they are, named when the message goes. */
export class Basket {
  /** @type {Map<HTMLElement, Promise<Attachment | null>>} */
  #items = new Map();

  /** @param {HTMLElement} list @param {() => string} url @param {() => Record<string, string>} headers */
  constructor(list, url, headers) {
    this.list = list;
    this.url = url;
    this.headers = headers;
  }

  /** @param {File[]} files */
  add(files) {
    for (const file of files.slice(0, MOST_FILES - this.#items.size)) this.#send(file);
  }

  /** @param {File} file */
  #send(file) {
    const progress = document.createElement("progress");
    progress.setAttribute("aria-label", t("Sending {name}", { name: file.name }));
    progress.max = 1;
    const said = make("span", "small muted", sizeWords(file.size));
    const remove = make("button", "quiet", t("Remove"));
    remove.setAttribute("type", "button");
    remove.setAttribute("aria-label", t("Remove {name}", { name: file.name }));
    const item = make("li", "", `${file.name} `, said, " ", progress, remove);
    remove.addEventListener("click", () => {
      this.#items.delete(item);
      item.remove();
    });
    this.list.append(item);
    const sending = upload(this.url(), file, this.headers(), (share) => { progress.value = share; }).then(
      (attachment) => {
        progress.remove();
        return attachment;
      },
      (error) => {
        progress.remove();
        said.className = "fault";
        said.textContent = error instanceof UploadRefused ? t("Not sent: {why}", { why: error.message }) : t("Not sent.");
        this.#items.delete(item);
        return null;
      },
    );
    this.#items.set(item, sending);
  }

  /** @returns {Promise<string[]>} the ids of the files that arrived, when all are done */
  async ids() {
    const found = await Promise.all(this.#items.values());
    return found.flatMap((attachment) => (attachment === null ? [] : [attachment.id]));
  }

  clear() {
    this.#items.clear();
    this.list.replaceChildren();
  }
}
