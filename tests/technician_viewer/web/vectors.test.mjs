/** The vectors under Node. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { SUITES } from "./vectors.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const SHARED = process.env["TOWLINE_SHARED"] || join(ROOT, "..", "shared");
const NOISE = join(SHARED, "vectors", "noise_25519_aesgcm_sha256.json");

for (const [name, checks_of] of Object.entries(SUITES)) {
  const path = name === "noise" ? NOISE : join(ROOT, "tests", "vectors", name);
  if (name === "noise" && !existsSync(path)) {
    test(name, { skip: "the published vectors are missing: put them beside the repository or set TOWLINE_SHARED" });
    continue;
  }
  for (const { name: what, run, browser_only } of checks_of(JSON.parse(readFileSync(path, "utf8")))) {
    test(`${name}: ${what}`, browser_only === undefined ? {} : { skip: browser_only }, async () => {
      await run();
    });
  }
}
