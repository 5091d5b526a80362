// What the annotator's page says and where it leads, for each stage of a study.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpening, createStudy } from "./samples.js";

const { DeskState, formatPace } = await import("../../../annotate/static/state/desk_state.js");

const stage = (name, round) => ({
  name,
  has_discussion: false,
  qualification: round ? { round, rounds: 2, threshold: 0.8 } : null,
});
const queue = (...states) => states.map((isDone, index) => [`token-${index}`, isDone]);
const result = (state) => ({ state, round: 1, rounds: 2, threshold: 0.8, n_right: 1, n_total: 2 });

function openState(more = {}, submittedTokens = []) {
  const state = new DeskState();
  state.open(createOpening(more), submittedTokens);
  return state;
}

test("a label that is on its way counts as done", () => {
  const state = openState({}, ["b", "of another queue"]);
  assert.deepEqual([state.queue.nDone, state.findNext("a")], [1, "c"]);
});

test("the discussion is gone through from its first item to the last, done or not", () => {
  const state = openState({ stage: stage("discussion"), queue: queue(true, true) });
  assert.deepEqual(
    [state.findNext(undefined), state.findNext("token-0"), state.findNext("token-1")],
    ["token-0", "token-1", undefined],
  );
});

const TITLES = [
  [{}, "Transcript 2 of 3"],
  [{ study: createStudy({ unit: "scenario" }) }, "Scenario 2 of 3"],
  [{ study: createStudy({ is_shared: true }) }, "Transcript 2"],
  [{ stage: stage("qualification", 1) }, "Qualification: transcript 2 of 3"],
  [{ stage: stage("qualification", 1), study: createStudy({ is_shared: true }) }, "Qualification: transcript 2 of 3"],
  [{ stage: stage("calibration") }, "Norming round: transcript 2 of 3"],
  [{ stage: stage("discussion") }, "Discussion: transcript 2 of 3"],
];

for (const [more, title] of TITLES) {
  test(`an item is called "${title}"`, () => {
    assert.equal(openState(more).formatTitle("b"), title);
  });
}

test("the bar counts labels, and where a queue is shared it does not say of how many", () => {
  assert.deepEqual(openState({ queue: queue(true, false) }).summarizeProgress(), {
    text: "1 of 2 labelled",
    meter: { value: 1, max: 2 },
    pace: "",
  });
  const shared = openState({ queue: queue(true, false), study: createStudy({ is_shared: true }) });
  assert.deepEqual(shared.summarizeProgress(), { text: "1 labelled", meter: null, pace: "" });
  assert.equal(openState({ stage: stage("discussion") }).summarizeProgress().text, "");
  assert.equal(openState({ queue: [] }).summarizeProgress().text, "");
});

const ARRIVALS = [
  ["an untouched queue begins with the guideline", {}, undefined, null, { page: "start" }],
  [
    "a queue under way goes on where it is",
    { queue: queue(true, false) },
    undefined,
    null,
    { page: "item", token: "token-1" },
  ],
  ["an empty queue says so", { queue: [] }, undefined, null, { page: "empty" }],
  ["a labelled queue is done", { queue: queue(true, true) }, undefined, null, { page: "done" }],
  [
    "guesses come after the last label",
    { queue: queue(true), guess_tokens: ["token-0"] },
    undefined,
    null,
    { page: "guesses" },
  ],
  [
    "whoever waits for the others waits",
    { stage: stage("waiting"), queue: queue(true) },
    undefined,
    null,
    { page: "waiting" },
  ],
  [
    "the discussion begins at once",
    { stage: stage("discussion"), queue: queue(true) },
    undefined,
    null,
    { page: "item", token: "token-0" },
  ],
  [
    "who failed is told on every page",
    { stage: stage("failed"), queue: [] },
    undefined,
    result("failed"),
    { page: "result" },
  ],
  [
    "a round that is over is told",
    { stage: stage("qualification", 2) },
    stage("qualification", 1),
    result("again"),
    { page: "result" },
  ],
  ["who has passed is told", {}, stage("qualification", 2), result("passed"), { page: "result" }],
  [
    "a round that goes on is not",
    { stage: stage("qualification", 2) },
    stage("qualification", 2),
    result("again"),
    { page: "start" },
  ],
  ["a result of earlier is not told again", {}, undefined, result("passed"), { page: "start" }],
];

for (const [what, more, before, latest, arrival] of ARRIVALS) {
  test(what, () => assert.deepEqual(openState(more).decideArrival(before, latest), arrival));
}

test("once the guideline was left, the main queue begins at its first item and another part with the guideline", () => {
  const state = openState();
  state.hasStarted = true;
  assert.deepEqual(state.decideArrival(undefined, null), { page: "item", token: "a" });
  state.open(createOpening({ stage: stage("calibration") }), []);
  assert.deepEqual(state.decideArrival(undefined, null), { page: "start" });
});

test("a pause is due after every twenty labels of a sitting", () => {
  const state = openState();
  assert.equal(state.isPauseDue, false);
  for (let n = 1; n <= 40; n += 1) {
    state.recordSaved(10);
    assert.equal(state.isPauseDue, n % 20 === 0, `${n}`);
  }
  assert.equal(state.ownSeconds.length, 20);
});

const PACES = [
  [[30, 31], 5, ""],
  [[30, 0, 31], 5, ""],
  [[30, 31, 29], 0, ""],
  [[30, 31, 29], 5, "30 s each, about 3 min left"],
  [[1, 1, 1], 5, "1 s each, less than a minute left"],
  [[120, 120, 120], 90, "2 min each, about 3 h left"],
  [[30, 31, 29], null, "30 s each"],
];

for (const [seconds, nLeft, text] of PACES) {
  test(`the pace of ${seconds} with ${nLeft} left is "${text}"`, () => assert.equal(formatPace(seconds, nLeft), text));
}
