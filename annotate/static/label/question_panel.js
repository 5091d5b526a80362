// The questions about one item, and what may be said beside the answers.

import { button, el, findAll, setPressed } from "../page/dom.js";
import { findMissingQuestion, listAskedQuestions } from "../state/items.js";
import { createFoldedHelp } from "../transcript/guideline.js";
import { LabelExtras } from "./label_extras.js";

/** @import { Item } from "../state/items.js" */

/**
 * @typedef {object} QuestionPanelEvents What the desk does.
 * @property {() => void} onChange
 * @property {(text: string) => void} announce
 * @property {() => void} submit
 * @property {() => void} goBack
 * @property {() => void} defer
 * @property {() => void} showReasoning
 * @property {(index: number) => void} moveTo
 */

export class QuestionPanel {
  /**
   * @param {Wire.StudyPayload} study
   * @param {Item} item
   * @param {QuestionPanelEvents} on
   * @param {{ above?: HTMLElement[], buttons?: HTMLElement[] }} [options] what stands above the questions, and other
   *   buttons than the usual ones
   */
  constructor(study, item, on, { above = [], buttons } = {}) {
    this.study = study;
    this.item = item;
    this.on = on;
    this.extras = new LabelExtras(item, study.unit === "scenario", on);
    this.questions = el("div", { class: "questions" });
    this.node = el(
      "aside",
      { class: "panel", "aria-label": "Questions" },
      el("h2", { class: "spoken" }, "Questions"),
      ...above,
      this.questions,
      this.extras.node,
      el("div", { class: "act" }, ...(buttons ?? this.createButtons())),
    );
    this.render();
  }

  /** The questions anew: what was unfolded stays so, and whoever was choosing goes on where they were. */
  render() {
    const { questions, study, item } = this;
    const openHelp = new Set(findAll(questions, "details[open]").map((help) => help.dataset.of));
    const { activeElement } = /** @type {Document | ShadowRoot} */ (questions.getRootNode());
    const { question, value } = activeElement instanceof HTMLElement ? activeElement.dataset : {};
    questions.replaceChildren(...listAskedQuestions(study, item).map((asked) => this.createSection(asked, openHelp)));
    if (question && value) this.findButton(question, value)?.focus();
  }

  createButtons() {
    const { item, study, on } = this;
    const submit = item.revision ? "Save correction" : "Submit";
    return [
      button("Back", "u", on.goBack),
      button("Later", "d", on.defer),
      button(submit, "Enter", on.submit, { class: "primary", disabled: !study.is_open }),
    ];
  }

  /**
   * One question with its answers.
   * @param {Wire.QuestionPayload} question
   * @param {Set<string | undefined>} openHelp ids of questions whose definition is unfolded
   */
  createSection(question, openHelp) {
    const id = `q-${question.id}`;
    const isFixed = this.item.fixed[question.id] !== undefined;
    const isGate = this.item.withheld && question.id === this.study.reasoning_after;
    const fixedHint = "Given before the reasoning was shown; you can correct it after submitting.";
    return el(
      "section",
      { class: "question" },
      el("h3", { id }, question.text, question.optional && el("span", { class: "quiet" }, " optional")),
      createFoldedHelp(question, { "data-of": question.id, open: openHelp.has(question.id) }),
      el("div", { class: "row answers", role: "group", "aria-labelledby": id }, ...this.createAnswers(question)),
      isFixed && el("p", { class: "quiet" }, fixedHint),
      isGate && this.createReasoningRow(question),
    );
  }

  /** @param {Wire.QuestionPayload} question */
  createAnswers(question) {
    const { item } = this;
    const isFixed = item.fixed[question.id] !== undefined;
    const isDisabled = isFixed || (item.withheld && question.needs_reasoning);
    return question.answers.map(({ value, label }) =>
      button(label, question.keys[value], () => this.answer(question, value), {
        "aria-pressed": String(item.answers[question.id] === value),
        disabled: isDisabled,
        "data-question": question.id,
        "data-value": value,
      }),
    );
  }

  /** @param {Wire.QuestionPayload} question whose answer the reasoning waits for */
  createReasoningRow(question) {
    const { isAsking, answers } = this.item;
    const isReady = answers[question.id] !== undefined && !isAsking;
    const text = isAsking ? "Loading the reasoning…" : "Show the reasoning";
    const show = button(text, "v", this.on.showReasoning, { disabled: !isReady });
    const hint = el("span", { class: "quiet" }, "This answer is then fixed until you submit.");
    return el("div", { class: "row reveal" }, show, hint);
  }

  /**
   * @param {Wire.QuestionPayload} question
   * @param {string} value
   */
  answer(question, value) {
    const { item, study, on } = this;
    const { id } = question;
    if (item.fixed[id] !== undefined) return on.announce("This answer stays until you have submitted.");
    if (item.withheld && question.needs_reasoning) return on.announce("Show the reasoning first, key v.");
    const nBefore = listAskedQuestions(study, item).length;
    if (item.answers[id] === value && question.optional) delete item.answers[id];
    else item.answers[id] = value;
    const opensReasoning = item.withheld && id === study.reasoning_after;
    if (listAskedQuestions(study, item).length !== nBefore || opensReasoning) this.render();
    // Where no question came or went, only the buttons change: the press is on the screen in the same frame.
    setPressed(
      this.questions,
      `[data-question="${CSS.escape(id)}"]`,
      (node) => node.dataset.value === item.answers[id],
    );
    on.announce(`${question.text} ${question.answers.find((answer) => answer.value === value)?.label}`);
    on.onChange();
  }

  /** The first question without an answer, shown as such; undefined when all is answered. */
  showMissing() {
    const question = findMissingQuestion(this.study, this.item);
    const shown = question && this.questions.querySelector(`[data-question="${CSS.escape(question.id)}"]`);
    shown?.closest("section")?.classList.add("missing");
    return question;
  }

  showEvidence() {
    this.extras.showEvidence();
  }

  /**
   * @param {string} question
   * @param {string} value
   */
  findButton(question, value) {
    const selector = `[data-question="${CSS.escape(question)}"][data-value="${CSS.escape(value)}"]`;
    return findAll(this.questions, selector)[0];
  }

  /** Take the focus: the first answer that can be given. */
  focus() {
    (findAll(this.questions, "[data-question]:not(:disabled)")[0] ?? findAll(this.node, "button")[0])?.focus();
  }

  /**
   * What a key does here, if anything.
   * @param {string} key
   * @returns {import("../page/shell.js").Action | undefined}
   */
  findAction(key) {
    for (const question of listAskedQuestions(this.study, this.item)) {
      const answer = question.answers.find(({ value }) => question.keys[value] === key);
      if (answer) return () => this.answer(question, answer.value);
    }
    if (key === "v") return this.item.withheld ? () => this.on.showReasoning() : undefined;
    return this.extras.findAction(key);
  }
}
