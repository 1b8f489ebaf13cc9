/** The viewer's modules that need no page: geometry, wheel, keys, input on its way, moves, words. */

import assert from "node:assert/strict";
import test from "node:test";

import { cursorOf } from "../../../technician_viewer/web/cursor.js";
import { exactBox, fittedBox, pixelAt } from "../../../technician_viewer/web/geometry.js";
import { InputQueue, MAX_WAITING } from "../../../technician_viewer/web/input-queue.js";
import * as keys from "../../../technician_viewer/web/keys.js";
import { MovePace } from "../../../technician_viewer/web/move-pace.js";
import { around } from "../../../technician_viewer/web/picture.js";
import { describe, isOver, STATES, stateOfBye, stateOfClose, stateOfProblem } from "../../../technician_viewer/web/status.js";
import { trustLine } from "../../../technician_viewer/web/trust.js";
import { WheelCounter, wheelUnits } from "../../../technician_viewer/web/wheel.js";

/**
 * A key event.
 * @param {Partial<keys.Keystroke> & { on?: string[] }} fields
 * @returns {keys.Keystroke}
 */
function stroke({ on = [], ...fields }) {
  return {
    code: "KeyA",
    key: "a",
    shiftKey: false,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    isComposing: false,
    keyCode: 65,
    getModifierState: (name) => on.includes(name),
    ...fields,
  };
}

test("1:1 is whole device pixels in size and place, whatever the window's", () => {
  for (const ratio of [1, 1.1, 1.25, 1.5, 1.75, 2, 3]) {
    const screen = { width: 1_301, height: 803 };
    const room = { left: 0.3, top: 43.37, width: 1_000.4, height: 1_700.9 };
    const box = exactBox(screen, room, ratio);
    assert.ok(Math.abs(box.width * ratio - 1_301) < 1e-6);
    assert.ok(Math.abs(box.height * ratio - 803) < 1e-6);
    for (const edge of [(room.left + box.left) * ratio, (room.top + box.top) * ratio]) {
      assert.ok(Math.abs(edge - Math.round(edge)) < 1e-6, `${edge}`);
    }
    assert.ok(box.left >= 0 && box.top >= 0);
  }
});

test("fit shows all of the screen in its own shape", () => {
  for (const [width, height] of [[1_920, 1_080], [100, 100], [4_000, 10], [10, 4_000]]) {
    const room = { left: 0, top: 0, width: 1_000, height: 600 };
    const box = fittedBox({ width: width ?? 0, height: height ?? 0 }, room, 1.5);
    assert.ok(box.width <= 1_000 && box.height <= 600);
    assert.ok(box.width === 1_000 || box.height === 600);
    assert.ok(box.left + box.width <= 1_000.7 && box.top + box.height <= 600.7);
  }
});

test("fit does not blur a screen that is only a little smaller than the room", () => {
  const room = { left: 0, top: 0, width: 1_100, height: 720 };
  assert.deepEqual(fittedBox({ width: 1_024, height: 700 }, room, 1), { left: 38, top: 10, width: 1_024, height: 700 });
  assert.equal(fittedBox({ width: 100, height: 100 }, room, 1).height, 720);
});

test("every pixel is found again at its middle and at its edges", () => {
  const screen = { width: 1_920, height: 1_080 };
  for (const scale of [1, 0.5, 1 / 3, 0.777, 1.25, 2]) {
    const box = { left: 17.25, top: 43.5, width: 1_920 * scale, height: 1_080 * scale };
    for (let x = 0; x < 1_920; x += 1) {
      for (const part of [0, 0.5, 0.99]) {
        assert.equal(pixelAt({ x: box.left + (x + part) * scale, y: box.top }, box, screen).x, x);
      }
    }
  }
  const box = { left: 10, top: 10, width: 100, height: 100 };
  assert.deepEqual(pixelAt({ x: -5, y: 1_000 }, box, { width: 50, height: 50 }), { x: 0, y: 49 });
});

test("the wheel in parts of a notch", () => {
  assert.equal(wheelUnits(100, 0, -120), 120, "a mouse under Windows");
  assert.equal(wheelUnits(53, 0, -120), 120, "another number of pixels a notch");
  assert.equal(wheelUnits(3, 1, undefined), 120, "lines");
  assert.equal(wheelUnits(-1, 2, undefined), -120, "pages");
  assert.equal(wheelUnits(25, 0, -30), 30, "a quarter of a notch");
  assert.equal(wheelUnits(40, 0, -120), 48, "a touchpad, which says three times the pixels");
  assert.equal(wheelUnits(0, 0, 0), 0);
  const counter = new WheelCounter();
  let sum = 0;
  for (let step = 0; step < 100; step += 1) sum += counter.add(0, 0.6).dy;
  assert.equal(sum, 60);
  assert.deepEqual(counter.add(1e9, -1e9), { dx: 32_767, dy: -32_767 });
});

test("what a key means", () => {
  assert.equal(keys.textOf(stroke({ key: "ß" })), "ß");
  assert.equal(keys.textOf(stroke({ key: "🙂" })), "🙂");
  for (const key of ["Enter", "Dead", "F1", "Unidentified"]) assert.equal(keys.textOf(stroke({ key })), "");
  assert.equal(keys.modifiersOf(stroke({ shiftKey: true, ctrlKey: true })), keys.SHIFT | keys.CONTROL);
  assert.equal(
    keys.modifiersOf(stroke({ ctrlKey: true, altKey: true, on: ["AltGraph", "NumLock"] })),
    keys.ALT_GRAPH | keys.NUM_LOCK,
    "AltGr of Windows is no shortcut",
  );
  assert.equal(keys.codeOf(stroke({ code: "", key: "Backspace" })), "Backspace");
  assert.equal(keys.codeOf(stroke({ code: "", key: "a" })), "");
  assert.equal(keys.codeOf(stroke({ code: "Key-A" })), "");
  assert.ok(keys.isForInputMethod(stroke({ key: "Dead" })));
  assert.ok(keys.isForInputMethod(stroke({ keyCode: 229 })));
  assert.ok(!keys.isForInputMethod(stroke({})));
  assert.ok(keys.isWayOut(stroke({ code: "Home", ctrlKey: true, altKey: true })));
  assert.ok(!keys.isWayOut(stroke({ code: "Home", ctrlKey: true })));
});

test("long text is cut between characters", () => {
  const text = "🙂".repeat(10);
  const pieces = keys.cutText(text, 4);
  assert.deepEqual(pieces.map((piece) => [...piece].length), [4, 4, 2]);
  assert.equal(pieces.join(""), text);
  assert.deepEqual(keys.cutText(""), []);
});

test("input keeps its order; only moves behind each other are lined up", () => {
  const queue = new InputQueue();
  queue.push({ type: "pointer-move", x: 1, y: 1 });
  queue.push({ type: "pointer-move", x: 2, y: 2 });
  queue.push({ type: "button", x: 2, y: 2, button: 1, down: true });
  queue.push({ type: "pointer-move", x: 3, y: 3 });
  queue.push({ type: "pointer-move", x: 4, y: 4 });
  const taken = [];
  for (let next = queue.take(10); next !== undefined; next = queue.take(10)) taken.push(next);
  assert.deepEqual(taken.map(({ seq, input }) => [seq, input.type, "x" in input ? input.x : null]), [
    [1, "pointer-move", 2],
    [2, "button", 2],
    [3, "pointer-move", 4],
  ]);
  assert.equal(queue.acknowledged(2, 25), 15);
  assert.equal(queue.acknowledged(2, 30), undefined);
  assert.equal(queue.acknowledged(0xffff_ffff, 40), 30);
});

test("a line that takes nothing for long costs input, not memory, and leaves no key down", () => {
  const queue = new InputQueue();
  for (let count = 0; count <= MAX_WAITING; count += 1) queue.push({ type: "text", text: "x" });
  assert.equal(queue.length, 1);
  assert.equal(queue.take(0)?.input.type, "release-all");
});

test("the first move goes at once, the last one always", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  /** @type {number[]} */
  const sent = [];
  const pace = new MovePace((/** @type {number} */ value) => sent.push(value), 8, () => now);
  pace.offer(1);
  now = 2;
  pace.offer(2);
  pace.offer(3);
  assert.deepEqual(sent, [1]);
  now = 8;
  context.mock.timers.tick(8);
  assert.deepEqual(sent, [1, 3]);
  now = 9;
  pace.offer(4);
  pace.flush();
  assert.deepEqual(sent, [1, 3, 4]);
  pace.flush();
  assert.deepEqual(sent, [1, 3, 4]);
});

test("every state says what is so, and every end says what to do", () => {
  for (const state of STATES) {
    const words = describe(state, "Ada");
    assert.ok(words.short.length > 0 && words.short.length <= 40, state);
    assert.ok(words.heading.length > 0, state);
    if (!isOver(state)) continue;
    assert.ok(words.next.length > 0, state);
    assert.ok(words.actions.length > 0, state);
  }
  assert.match(describe("asking", "Niklas").text, /Niklas’ computer/);
});

test("codes of the protocol are states", () => {
  assert.equal(stateOfBye("ended"), "ended-by-user");
  assert.equal(stateOfBye("capture-failed"), "no-picture");
  assert.equal(stateOfClose(4440), "agent-gone");
  for (const code of [1000, 1001, 1006, 4442, 4999]) assert.equal(stateOfClose(code), "lost");
  assert.equal(stateOfProblem("ticket-closed"), "not-open");
  assert.equal(stateOfProblem("something-new"), undefined);
});

test("the tier of trust", () => {
  assert.match(trustLine("server-trusted"), /as honest as the site that serves it. Server-trusted key.$/);
  assert.match(trustLine("offline"), /kept offline/);
  assert.doesNotMatch(trustLine(""), /key/);
});

test("the cursor", () => {
  const shape = { picture: new Blob(), width: 16, height: 16, hot_x: 16, hot_y: 3 };
  assert.equal(cursorOf(shape, "blob:x", true), 'url("blob:x") 15 3, default');
  assert.equal(cursorOf(shape, "blob:x", false), "default");
  assert.equal(cursorOf({ ...shape, picture: null }, "blob:x", true), "crosshair");
  assert.equal(cursorOf({ ...shape, width: 256 }, "blob:x", true), "default");
  assert.equal(cursorOf(undefined, undefined, true), "default");
});

test("a box around areas", () => {
  const areas = [
    { x: 5, y: 9, width: 2, height: 2 },
    { x: 1, y: 10, width: 1, height: 8 },
  ];
  assert.deepEqual(around(areas), { x: 1, y: 9, width: 6, height: 9 });
});
