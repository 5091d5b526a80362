// A decision is complete with its kind and its reason, and is sent once it differs from the one that is saved.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createDisputedPayload, installForbiddenStore, installStore } from "./samples.js";

const { buildDecision, createDisputedItem, describeMissing, isNewDecision, markDecided } = await import(
  "../../../annotate/static/state/decisions.js"
);
const { Drafts } = await import("../../../annotate/static/state/drafts.js");

const KEY = "drafts";
const SAVED = { answer: "no", kind: "ambiguous", reason: "seen" };
let store;

beforeEach(() => {
  store = installStore();
});

function createItem(more = {}) {
  const [question] = createDisputedPayload().questions;
  return createDisputedItem(createDisputedPayload({ questions: [{ ...question, ...more }] }), new Drafts(KEY));
}

const LACKS = [
  [{ reason: "" }, "choose an answer, or contested"],
  [{ answer: "yes", reason: "" }, "say why annotators disagreed"],
  [{ answer: "yes", kind: "ambiguous", reason: " \n" }, "write a reason"],
  [{ answer: "yes", kind: "ambiguous", reason: "seen" }, ""],
  [{ kind: "contested", reason: "both hold" }, ""],
];

for (const [form, missing] of LACKS) {
  test(`a decision of ${JSON.stringify(form)} lacks "${missing}"`, () => assert.equal(describeMissing(form), missing));
}

test("without a decision there is one to make; the saved one is not sent again", () => {
  assert.equal(isNewDecision(createItem().questions[0]), true);
  assert.equal(isNewDecision(createItem({ decision: SAVED, revision: 1 }).questions[0]), false);
});

test("a decision that annotators called into question is made again, even if it stays the same", () => {
  const [question] = createItem({ decision: SAVED, revision: 1, has_changed: true }).questions;
  assert.equal(isNewDecision(question), true);
});

for (const change of [{ answer: "yes" }, { kind: "guideline gap" }, { reason: "seen twice" }]) {
  test(`${Object.keys(change)} makes another decision`, () => {
    const [question] = createItem({ decision: SAVED, revision: 1 }).questions;
    Object.assign(question.form, change);
    assert.equal(isNewDecision(question), true);
  });
}

test("space around a reason makes no other decision and is not sent", () => {
  const item = createItem({ decision: SAVED, revision: 1 });
  const [question] = item.questions;
  question.form.reason = " seen\n";
  assert.equal(isNewDecision(question), false);
  assert.deepEqual(buildDecision(item, question), {
    id: question.submitId,
    op: "decide",
    token: "token-1",
    decision: { question: "risky", ...SAVED, revision: 1, version: "v1" },
  });
});

test("contested has no answer", () => {
  const item = createItem();
  Object.assign(item.questions[0].form, { answer: undefined, kind: "contested", reason: "both hold" });
  assert.equal(buildDecision(item, item.questions[0]).decision.answer, null);
});

test("after a decision was saved the next one is another, and there is nothing new", () => {
  const item = createItem();
  const [question] = item.questions;
  Object.assign(question.form, SAVED);
  const operation = buildDecision(item, question);
  markDecided(item, operation.decision, 1);
  assert.notEqual(question.submitId, operation.id);
  assert.deepEqual([question.revision, question.saved, isNewDecision(question)], [1, SAVED, false]);
  markDecided(undefined, operation.decision, 1); // the item is no longer held
});

test("what was begun returns while it goes on from the saved decision", () => {
  new Drafts(KEY).keep("token-1", "risky", 0, { answer: "yes", kind: undefined, reason: "half" });
  assert.deepEqual(createItem().questions[0].form, { answer: "yes", kind: undefined, reason: "half" });
  assert.deepEqual(createItem({ revision: 1, decision: SAVED }).questions[0].form, SAVED);
});

test("a draft that is dropped is gone from the store", () => {
  const drafts = new Drafts(KEY);
  drafts.keep("token-1", "risky", 0, SAVED);
  drafts.drop("token-1", "risky");
  drafts.drop("never kept", "risky");
  assert.equal(store.getItem(KEY), null);
});

test("of very many items the oldest drafts go", () => {
  const drafts = new Drafts(KEY);
  for (let n = 0; n < 205; n += 1) drafts.keep(`token-${n}`, "risky", 0, SAVED);
  const kept = Object.keys(JSON.parse(store.getItem(KEY)));
  assert.deepEqual([kept.length, kept[0]], [200, "token-5"]);
});

test("whoever wrote other things into the store does no harm", () => {
  for (const text of ["no JSON", "[1]", "null", '{"token-1": {"risky": {"revision": 0, "answer": 5, "reason": {}}}}']) {
    store.setItem(KEY, text);
    assert.equal(createItem().questions[0].form.reason, "");
  }
});

test("a store that refuses is told", () => {
  assert.equal(new Drafts(KEY).keep("token-1", "risky", 0, SAVED), true);
  installForbiddenStore();
  assert.equal(new Drafts(KEY).keep("token-1", "risky", 0, SAVED), false);
});
