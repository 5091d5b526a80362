// The discussion after the norming round: what the other annotators answered on an item.

import { createJumpButtons, el } from "../page/dom.js";
import { createText } from "../transcript/transcript.js";

/**
 * An answer as its button says it.
 * @param {Wire.QuestionPayload} question
 * @param {string | null | undefined} value
 */
export function findLabel(question, value) {
  return question.answers.find((answer) => answer.value === value)?.label ?? value ?? "no answer";
}

/**
 * @param {Wire.StudyPayload} study
 * @param {Wire.OtherRatingPayload[]} others
 * @param {(index: number) => void} moveTo
 */
export function createOtherRatings(study, others, moveTo) {
  const cards = others.map((other) => createCard(study, other, moveTo));
  return el(
    "section",
    { class: "others" },
    el("h3", {}, "What the others answered"),
    ...cards,
    el("h3", {}, "Your answer"),
  );
}

/**
 * @param {Wire.StudyPayload} study
 * @param {Wire.OtherRatingPayload} other
 * @param {(index: number) => void} moveTo
 */
function createCard(study, { alias, answers, note, evidence, contested }, moveTo) {
  const name = `Annotator ${alias}`;
  const answered = study.questions.filter(({ id }) => answers[id] !== undefined);
  const rows = answered.flatMap((question) => [
    el("dt", {}, question.text),
    el("dd", {}, findLabel(question, answers[question.id])),
  ]);
  const jumps = createJumpButtons(evidence, moveTo, name);
  return el(
    "section",
    { class: "other", "aria-label": name },
    el("h4", {}, name, contested && el("span", { class: "chip" }, "contested")),
    el("dl", { class: "ratings" }, ...rows),
    jumps.length > 0 && el("div", { class: "row" }, el("span", { class: "rowname" }, "Evidence"), ...jumps),
    note && el("p", { class: "text", dir: "auto" }, ...createText(note)),
  );
}
