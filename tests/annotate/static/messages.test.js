// Messages stay within what the server takes, and each acknowledgement leads to one thing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createOldOperation } from "./samples.js";

const { buildMessage, createId, interpretAck, upgradeOperation } = await import(
  "../../../annotate/static/state/messages.js"
);

test("ids are what the server takes, and no two are alike", () => {
  const ids = Array.from({ length: 100 }, createId);
  assert.equal(new Set(ids).size, 100);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
});

test("a message holds at most 200 operations and 4 wanted items", () => {
  const operations = Array.from({ length: 300 }, (_, index) => ({ id: `${index}` }));
  const wanted = ["a", "b", "c", "d", "e"];
  const message = buildMessage({ number: 7, operations, wanted, begin: false, stage: "" });
  assert.deepEqual([message.operations.length, message.operations[0].id], [200, "0"]);
  assert.deepEqual(message.wanted, ["a", "b", "c", "d"]);
});

const saved = { id: "x", ok: true };
const refused = (code) => ({ id: "x", ok: false, code, text: "No." });
const CASES = [
  [saved, "submit", true, "submitted"],
  [saved, "submit", false, "submitted"],
  [saved, "draft", true, "drafted"],
  [saved, "show_reasoning", true, "shown"],
  [saved, "guess", true, "guessed"],
  [refused("retry"), "submit", true, "retry"],
  [refused("retry"), "draft", false, "retry"],
  [refused("unknown"), "submit", false, "foreign"],
  [refused("unknown"), "submit", true, "refused"],
  [refused("conflict"), "submit", true, "refused"],
  [refused("closed"), "draft", false, "refused"],
];

for (const [ack, op, isHeld, outcome] of CASES) {
  test(`${op} answered ${ack.code ?? "ok"}, item ${isHeld ? "" : "not "}held: ${outcome}`, () => {
    assert.equal(interpretAck(ack, op, isHeld), outcome);
  });
}

test("only an operation of the earlier form is changed", () => {
  const current = { id: "x", op: "submit", token: "t", label: { note: "n" } };
  assert.equal(upgradeOperation(current), current);
  assert.deepEqual(upgradeOperation(createOldOperation(current)), current);
  const guess = { id: "x", op: "guess", token: "t", guess: "a llama" };
  assert.equal(upgradeOperation(guess), guess);
});
