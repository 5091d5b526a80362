// The adjudicator's first page: what there is to settle, and how.

import { button, el } from "../page/dom.js";

/** @import { Queue } from "../state/queue.js" */

/** @typedef {Wire.AdjudicationOpeningPayload["queue"][number][1]} EntryState */

/** @type {Record<EntryState, string>} */
const STATE_NAMES = { open: "to settle", settled: "settled", changed: "answers changed since" };
const INTRODUCTION = [
  "On these transcripts annotators gave different answers, or one of them marked the case as contested. You see their " +
    "answers, notes and evidence in random order, and never whose they are. Judges' verdicts are hidden from you, as they " +
    "were from the annotators.",
  "For each question choose the better answer and say why annotators disagreed, or leave it contested: then the split itself " +
    "is the finding. A reason is always needed. You can come back and correct a decision at any time.",
];

/**
 * @param {Queue<EntryState>} queue
 * @param {string} unit
 */
function describeList(queue, unit) {
  if (!queue.size) return "There is nothing to settle yet.";
  return queue.nDone === queue.size ? "Everything is settled." : `${unit}s to settle`;
}

/**
 * @param {Queue<EntryState>} queue
 * @param {string} unit
 * @param {{ goTo: (token: string) => void, goOn: () => void, checkAgain: () => void }} on
 */
export function createList(queue, unit, on) {
  const isDone = queue.nDone === queue.size;
  const heading = el("h1", { tabindex: "-1" }, describeList(queue, unit));
  const rows = [...queue.states].map(([token, state], index) =>
    el(
      "li",
      {},
      button(`${unit} ${index + 1}`, "", () => on.goTo(token)),
      el("span", { class: `chip ${state}` }, STATE_NAMES[state]),
    ),
  );
  const goOn = !isDone && button("Continue", "Enter", on.goOn, { class: "primary" });
  const check = button("Check again", "", on.checkAgain, { class: isDone ? "primary" : "" });
  const node = el(
    "section",
    { class: "sheet" },
    heading,
    ...INTRODUCTION.map((text) => el("p", {}, text)),
    rows.length > 0 && el("ol", { class: "queue" }, ...rows),
    el("div", { class: "act" }, goOn, check),
  );
  return { node, heading };
}
