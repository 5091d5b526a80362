// Nothing hides in a text, no character is cut in half, and the guideline is what it says.

import assert from "node:assert/strict";
import { test } from "node:test";

const { findCut, formatCodePoints, formatCount, formatJson, formatSize, splitInvisible } = await import(
  "../../../annotate/static/state/text.js"
);
const { parseGuideline, parseInline } = await import("../../../annotate/static/transcript/guideline.js");

const HIDDEN = [
  ["a bidi override", "\u202e", "⟨U+202E⟩"],
  ["zero-width spaces", "\u200b\u200b\u200b", "⟨U+200B ×3⟩"],
  ["an escape", "\x1b", "⟨U+001B⟩"],
  ["a tag character", "\u{e0041}", "⟨U+E0041⟩"],
  ["a byte order mark", "\ufeff", "⟨U+FEFF⟩"],
];

for (const [what, text, shown] of HIDDEN) {
  test(`${what} is shown as ${shown}`, () => {
    assert.deepEqual(splitInvisible(`a${text}b`), [
      { text: "a", isInvisible: false },
      { text: shown, isInvisible: true },
      { text: "b", isInvisible: false },
    ]);
    assert.equal(formatCodePoints(text), shown);
  });
}

test("ordinary text, with its line ends and in any script, is left as it is", () => {
  for (const text of ["two\n\tlines", "Grüße, мир, 世界, 🙂"])
    assert.deepEqual(splitInvisible(text), [{ text, isInvisible: false }]);
  assert.deepEqual(splitInvisible(""), []);
});

test("a cut never falls between the halves of a character", () => {
  assert.equal(findCut("ab🙂cd", 2), 2);
  assert.equal(findCut("ab🙂cd", 3), 2);
  assert.equal(findCut("ab🙂cd", 4), 4);
  assert.equal(findCut("short", 900), 5);
});

test("sizes and counts are said in words", () => {
  assert.deepEqual(
    [999, 12_345, 2_100_000].map((length) => formatSize("x".repeat(length))),
    ["999 characters", "12 KB", "2.1 MB"],
  );
  assert.deepEqual([formatCount(1, "message"), formatCount(0, "message")], ["1 message", "0 messages"]);
  assert.deepEqual([formatJson("as it is"), formatJson({ a: 1 })], ["as it is", '{\n  "a": 1\n}']);
});

test("the guideline has headings, lists and paragraphs", () => {
  const source = "# How\r\n\r\nDo this,\nnot that.\n\n- one\n  goes on\n- two\n\n##### deep";
  assert.deepEqual(parseGuideline(source), [
    { kind: "heading", level: 2, text: "How" },
    { kind: "text", text: "Do this, not that." },
    { kind: "list", items: ["one goes on", "two"] },
    { kind: "text", text: "##### deep" },
  ]);
});

test("of the marks within a line three are known, and what looks like HTML stays text", () => {
  assert.deepEqual(parseInline("a *b* **c** `d` <img src=x>"), [
    { style: null, text: "a " },
    { style: "em", text: "b" },
    { style: null, text: " " },
    { style: "strong", text: "c" },
    { style: null, text: " " },
    { style: "code", text: "d" },
    { style: null, text: " <img src=x>" },
  ]);
});
