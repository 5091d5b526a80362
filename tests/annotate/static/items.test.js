// An item begins with what was saved or drafted, and its label holds what is asked and nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createItemPayload, createStudy } from "./samples.js";

const { addReasoning, buildLabel, createItem, findMissingQuestion, listAskedQuestions, markSaved } = await import(
  "../../../annotate/static/state/items.js"
);

const askedIds = (item) => listAskedQuestions(createStudy(), item).map(({ id }) => id);

test("an item begins with the label that was saved", () => {
  const payload = createItemPayload({ answers: { risky: "yes" }, evidence: [3, 1], note: "seen", revision: 2 });
  const item = createItem(payload);
  assert.deepEqual([item.answers, [...item.evidence], item.note], [{ risky: "yes" }, [3, 1], "seen"]);
  assert.deepEqual([item.hasChanged, item.seconds, item.revision], [false, 0, 2]);
});

test("a draft goes before the saved label, and counts as a change", () => {
  const draft = { answers: { risky: "no" }, note: "half a thought", active_seconds: 12.5 };
  const item = createItem(createItemPayload({ answers: { risky: "yes" }, confidence: 3, draft }));
  assert.deepEqual([item.answers, item.note, item.seconds], [{ risky: "no" }, "half a thought", 12.5]);
  assert.deepEqual([item.hasChanged, item.confidence], [true, null]);
});

test("an answer that is fixed goes before everything", () => {
  const item = createItem(createItemPayload({ fixed: { risky: "no" }, draft: { answers: { risky: "yes" } } }));
  assert.equal(item.answers.risky, "no");
});

test("a question is asked while the answers call for it", () => {
  assert.deepEqual(askedIds({ answers: {} }), ["risky", "considered"]);
  assert.deepEqual(askedIds({ answers: { risky: "yes" } }), ["risky", "considered", "class"]);
  assert.deepEqual(askedIds({ answers: { risky: "no" } }), ["risky", "considered"]);
});

test("the first question without an answer is missing; an optional one is not", () => {
  const missing = (answers) => findMissingQuestion(createStudy(), { answers })?.id;
  assert.equal(missing({}), "risky");
  assert.equal(missing({ risky: "yes" }), "considered");
  assert.equal(missing({ risky: "yes", considered: "no" }), undefined);
});

test("a label leaves out answers to questions that are no longer asked, and the item keeps them", () => {
  const item = createItem(createItemPayload({ answers: { risky: "yes", considered: "no", class: "misuse" } }));
  item.answers.risky = "no";
  assert.deepEqual(buildLabel(createStudy(), item).answers, { risky: "no", considered: "no" });
  item.answers.risky = "yes";
  assert.deepEqual(buildLabel(createStudy(), item).answers, { risky: "yes", considered: "no", class: "misuse" });
});

test("a label has evidence in order, seconds in tenths, and the revision that was on the screen", () => {
  const item = createItem(createItemPayload({ evidence: [10, 9, 2], revision: 3 }));
  item.seconds = 12.3456;
  const label = buildLabel(createStudy(), item);
  assert.deepEqual([label.evidence, label.active_seconds, label.revision], [[2, 9, 10], 12.3, 3]);
});

test("after a label was saved the next submit is another one, and nothing is fixed or timed any more", () => {
  const item = createItem(createItemPayload({ fixed: { risky: "no" }, draft: { active_seconds: 5 } }));
  const { submitId } = item;
  markSaved(item, 1);
  assert.notEqual(item.submitId, submitId);
  assert.deepEqual([item.revision, item.fixed, item.seconds, item.hasChanged], [1, {}, 0, false]);
});

test("reasoning that comes fixes the answer before it and leaves the others", () => {
  const item = createItem(createItemPayload({ withheld: true }));
  Object.assign(item, { isAsking: true, note: "typed meanwhile" });
  Object.assign(item.answers, { risky: "yes", considered: "no" });
  const content = { messages: [{ role: "assistant", reasoning: "hm" }] };
  addReasoning(item, createItemPayload({ content, fixed: { risky: "no" } }));
  assert.deepEqual(item.answers, { risky: "no", considered: "no" });
  assert.deepEqual([item.withheld, item.isAsking, item.note], [false, false, "typed meanwhile"]);
  assert.equal(item.content, content);
});
