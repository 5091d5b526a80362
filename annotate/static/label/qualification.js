// The qualification before the main queue: what is said about it, and the feedback after each of its items.

import { button, el } from "../page/dom.js";
import { formatCount } from "../state/text.js";
import { createLongText } from "../transcript/transcript.js";
import { findLabel } from "./norming.js";

const MAX_WHY = 4_000; // a longer reason is folded

/** @param {number} share */
function formatPercent(share) {
  return `${Math.round(share * 100)} %`;
}

/**
 * What the start page says of the part that comes first; "" for the main queue.
 * @param {Wire.StagePayload} stage
 * @param {number} nItems
 * @param {string} unit
 */
export function describeStage({ name, qualification }, nItems, unit) {
  const items = formatCount(nItems, unit);
  if (name === "calibration")
    return (
      `First a norming round: ${items} that everybody labels. Answer alone; ` +
      "once everybody has, you see each other's answers and discuss them."
    );
  if (!qualification) return "";
  const { round, rounds, threshold } = qualification;
  const again = rounds > 1 ? ` Round ${round} of ${rounds}.` : "";
  return (
    `First a short qualification: ${items}. After each one you see which answers were right and why. ` +
    `To go on you need ${formatPercent(threshold)} of them right.${again}`
  );
}

/**
 * How a round went: title and text.
 * @param {Wire.RoundResultPayload} result
 * @returns {[string, string]}
 */
export function describeResult({ state, n_right, n_total, threshold, round, rounds }) {
  const score = `You got ${n_right} of ${n_total} right; ${formatPercent(threshold)} was needed.`;
  if (state === "passed") return ["Qualification passed", `${score} From here on your labels count.`];
  if (state === "again")
    return [`Qualification, round ${round} of ${rounds}`, `${score} Read the guideline again, then try once more.`];
  return [
    "Qualification not passed",
    `${score} Thank you for your time; please tell the researcher. Nothing more is asked of you here.`,
  ];
}

export class FeedbackPanel {
  /**
   * @param {Wire.StudyPayload} study
   * @param {Wire.FeedbackPayload} feedback
   * @param {{ goOn: () => void, goBack: () => void }} on
   */
  constructor(study, { answers, why }, on) {
    const rows = study.questions.flatMap((question) => {
      const answer = answers.find((known) => known.question === question.id);
      return answer ? [this.createRow(question, answer)] : [];
    });
    const nRight = answers.filter((answer) => answer.is_right).length;
    const verdict = nRight === answers.length ? "All right." : `${nRight} of ${answers.length} right.`;
    const reason = why && el("section", { class: "why" }, el("h3", {}, "Why"), createLongText(why, MAX_WHY));
    const buttons = [button("Back", "u", on.goBack), button("Continue", "Enter", on.goOn, { class: "primary" })];
    this.node = el(
      "aside",
      { class: "panel feedback", "aria-label": "Feedback" },
      el("h2", {}, verdict),
      ...rows,
      reason,
      el("div", { class: "act" }, ...buttons),
    );
    this.spoken = `${verdict} ${why}`;
  }

  /**
   * @param {Wire.QuestionPayload} question
   * @param {Wire.FeedbackAnswerPayload} answer
   */
  createRow(question, { answer, right_answer, is_right }) {
    const own = [el("strong", {}, is_right ? "✓ Right: " : "✗ Your answer: "), findLabel(question, answer)];
    const right = [el("strong", {}, "Right answer: "), findLabel(question, right_answer)];
    return el(
      "section",
      { class: `question ${is_right ? "right" : "wrong"}` },
      el("h3", {}, question.text),
      el("p", {}, ...own),
      !is_right && el("p", {}, ...right),
    );
  }

  focus() {
    this.node.querySelector("button")?.focus();
  }

  findAction() {
    return undefined;
  }
}
