// One disputed question on the adjudicator's panel: what annotators answered, the decision, and the reason for it.

import { findLabel } from "../label/norming.js";
import { button, el, setPressed } from "../page/dom.js";
import { CONTESTED } from "../state/decisions.js";
import { createFoldedHelp } from "../transcript/guideline.js";

/** @import { DisputedQuestion } from "../state/decisions.js" */

export class DisputeSection {
  /**
   * @param {DisputedQuestion} disputed
   * @param {Wire.QuestionPayload} question
   * @param {Wire.DecisionKindPayload[]} kinds
   * @param {{ onActive: () => void, onChoice: (text: string) => void, onChange: () => void }} on
   */
  constructor(disputed, question, kinds, on) {
    this.disputed = disputed;
    this.question = question;
    this.kinds = kinds;
    this.on = on;
    this.meaning = el("p", { class: "quiet", "aria-live": "polite" }); // of the kind that is chosen
    this.reason = this.createReason();
    const id = `dispute-${question.id}`;
    this.node = el(
      "section",
      { class: "question", "aria-labelledby": id, onfocusin: on.onActive, onpointerdown: on.onActive },
      el("h3", { id }, question.text),
      createFoldedHelp(question),
      this.createGivenAnswers(),
      disputed.hasChanged &&
        el(
          "p",
          { class: "recheck", role: "note" },
          "Annotators have changed their answers since you decided. Decide again.",
        ),
      this.createAnswerRow(),
      this.createKindRow(),
      this.meaning,
      this.reason,
    );
    this.showForm();
  }

  createGivenAnswers() {
    const { answers } = this.disputed;
    const name = answers.length > 1 ? "Annotators answered " : "Every annotator answered ";
    const labels = answers.flatMap((value, rank) => [
      rank ? " and " : "",
      el("strong", {}, findLabel(this.question, value)),
    ]);
    return el("p", { class: "given" }, el("span", { class: "rowname" }, name), ...labels);
  }

  createAnswerRow() {
    const { answers, keys } = this.question;
    const buttons = answers.map(({ label, value }) =>
      button(label, keys[value], () => this.answer(value), { "data-answer": value }),
    );
    return el("div", { class: "row answers", role: "group", "aria-label": "Your answer" }, ...buttons);
  }

  createKindRow() {
    const buttons = this.kinds.map(({ kind, key, label }) =>
      button(label, key, () => this.explain(kind), { "data-kind": kind }),
    );
    return el("div", { class: "row kinds", role: "group", "aria-label": "Why annotators disagreed" }, ...buttons);
  }

  createReason() {
    const { form } = this.disputed;
    const reason = el("textarea", {
      rows: 2,
      maxlength: 10_000,
      "aria-label": `Reason. ${this.question.text}`,
      placeholder: "Reason (key n)",
    });
    reason.value = form.reason;
    reason.addEventListener("input", () => {
      form.reason = reason.value;
      this.on.onChange();
    });
    return reason;
  }

  /** Show what is chosen. */
  showForm() {
    const { node, meaning, kinds } = this;
    const { form } = this.disputed;
    setPressed(node, "[data-answer]", (choice) => form.answer === choice.dataset.answer);
    setPressed(node, "[data-kind]", (choice) => form.kind === choice.dataset.kind);
    const text = kinds.find(({ kind }) => kind === form.kind)?.meaning ?? "";
    if (meaning.textContent !== text) meaning.textContent = text; // set anew, it would be read out again
    node.classList.remove("missing");
  }

  /** @param {boolean} isActive whether keys are about this question */
  setActive(isActive) {
    this.node.classList.toggle("active", isActive);
    if (isActive) this.node.setAttribute("aria-current", "true");
    else this.node.removeAttribute("aria-current");
  }

  /** @param {string} value */
  answer(value) {
    const { form } = this.disputed;
    form.answer = value;
    if (form.kind === CONTESTED) form.kind = undefined;
    this.finishChoice(findLabel(this.question, value));
  }

  /** @param {Wire.DecisionKindPayload["kind"]} kind why annotators disagreed */
  explain(kind) {
    const { form } = this.disputed;
    form.kind = kind;
    if (kind === CONTESTED) form.answer = undefined; // no answer is right
    this.finishChoice(this.kinds.find((known) => known.kind === kind)?.label ?? kind);
  }

  /** @param {string} label of what was chosen */
  finishChoice(label) {
    this.showForm();
    this.on.onChoice(`${this.question.text} ${label}`);
    this.on.onChange();
  }
}
