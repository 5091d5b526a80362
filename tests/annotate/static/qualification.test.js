// What an annotator is told before and after a round of the qualification, and before the norming round.

import assert from "node:assert/strict";
import { test } from "node:test";

const { describeResult, describeStage } = await import("../../../annotate/static/label/qualification.js");

const round = { round: 1, rounds: 1, threshold: 0.8 };
const result = { ...round, rounds: 2, n_right: 3, n_total: 4 };

test("the qualification says how many items it has and what is needed", () => {
  const text = describeStage({ name: "qualification", qualification: round }, 1, "transcript");
  assert.match(text, /qualification: 1 transcript\. .* you need 80 % of them right\.$/);
});

test("where there are several rounds, it says which one this is", () => {
  const text = describeStage({ name: "qualification", qualification: { ...round, rounds: 2 } }, 3, "scenario");
  assert.match(text, /3 scenarios\. .* Round 1 of 2\.$/);
});

test("the norming round says that others are waited for; the main queue says nothing", () => {
  assert.match(
    describeStage({ name: "calibration", qualification: null }, 2, "transcript"),
    /2 transcripts .* everybody/,
  );
  assert.equal(describeStage({ name: "main", qualification: null }, 2, "transcript"), "");
});

for (const [state, title, end] of [
  ["passed", "Qualification passed", /labels count\.$/],
  ["again", "Qualification, round 1 of 2", /try once more\.$/],
  ["failed", "Qualification not passed", /Nothing more is asked of you here\.$/],
]) {
  test(`a round that is ${state} has its score, its title and what follows`, () => {
    const [heading, text] = describeResult({ ...result, state });
    assert.equal(heading, title);
    assert.match(text, /^You got 3 of 4 right; 80 % was needed\./);
    assert.match(text, end);
  });
}
