/** Runs every check in the browser that opened `page.html`; what fails comes back as text. */

import { SUITES } from "./vectors.mjs";

/**
 * @param {Record<string, any>} files by name, as `SUITES` names them
 * @returns {Promise<{ran: string[], failed: string[]}>}
 */
export async function run(files) {
  /** @type {string[]} */
  const ran = [];
  /** @type {string[]} */
  const failed = [];
  for (const [name, file] of Object.entries(files)) {
    for (const check of SUITES[name]?.(file) ?? []) {
      const what = `${name}: ${check.name}`;
      ran.push(what);
      try {
        await check.run();
      } catch (error) {
        failed.push(`${what}: ${error}`);
      }
    }
  }
  return { ran, failed };
}
