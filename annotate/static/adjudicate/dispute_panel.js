// The disputed questions of one transcript, with annotators' notes and evidence: what they said, never who.

import { button, createJumpButtons, el } from "../page/dom.js";
import { describeMissing } from "../state/decisions.js";
import { createText } from "../transcript/transcript.js";
import { DisputeSection } from "./dispute_section.js";

/** @import { DisputedItem } from "../state/decisions.js" */

/**
 * @typedef {object} DisputePanelEvents What the page does.
 * @property {() => void} onChange
 * @property {(text: string) => void} announce
 * @property {() => void} save
 * @property {() => void} goBack
 * @property {() => void} defer
 * @property {(index: number) => void} moveTo
 */

const WIDE_SCREEN = "(min-width: 861px)";

export class DisputePanel {
  /**
   * @param {Wire.AdjudicationStudyPayload} study
   * @param {DisputedItem} item
   * @param {DisputePanelEvents} on
   */
  constructor(study, item, on) {
    this.study = study;
    this.item = item;
    this.on = on;
    this.activeIndex = 0; // of the question that keys are about
    this.sections = this.createSections();
    const contested = "An annotator marked this transcript as contested.";
    this.node = el(
      "aside",
      { class: "panel disputes", "aria-label": "Questions to settle" },
      item.contested && el("p", { class: "quiet" }, contested),
      ...this.sections.map((section) => section.node),
      this.createNotes(),
      this.createButtons(),
    );
    const first = item.questions.findIndex(({ form, hasChanged }) => describeMissing(form) || hasChanged);
    this.activate(Math.max(first, 0));
  }

  createSections() {
    const { study, on } = this;
    return this.item.questions.flatMap((disputed, index) => {
      const question = study.questions.find(({ id }) => id === disputed.id);
      if (!question) return [];
      const activate = () => this.activate(index);
      /** @param {string} text */
      const onChoice = (text) => {
        activate();
        on.announce(text);
      };
      const { onChange } = on;
      return [new DisputeSection(disputed, question, study.kinds, { onActive: activate, onChoice, onChange })];
    });
  }

  createButtons() {
    const { item, on, study } = this;
    const save = item.questions.every((question) => question.saved) ? "Save correction" : "Save";
    return el(
      "div",
      { class: "act" },
      button("Back", "u", on.goBack),
      button("Later", "d", on.defer),
      button(save, "Enter", on.save, { class: "primary", disabled: !study.is_open }),
    );
  }

  /** Notes and evidence belong to the transcript, not to a question: nothing says whose they are. */
  createNotes() {
    const { notes, evidence } = this.item;
    if (!notes.length && !evidence.size) return null;
    const lines = notes.map((note) => el("li", { dir: "auto" }, ...createText(note)));
    const jumps = createJumpButtons(evidence, this.on.moveTo);
    const row = { class: "row evidence", role: "group", "aria-label": "Annotators' evidence" };
    return el(
      "details",
      { class: "extras", open: matchMedia(WIDE_SCREEN).matches },
      el("summary", {}, "Annotators' notes and evidence"),
      lines.length > 0 && el("ul", { class: "notes" }, ...lines),
      jumps.length > 0 && el("div", row, el("span", { class: "rowname" }, "Evidence"), ...jumps),
    );
  }

  /** @param {number} index */
  activate(index) {
    this.activeIndex = index;
    for (const [at, section] of this.sections.entries()) section.setActive(at === index);
  }

  get activeSection() {
    return this.sections[this.activeIndex];
  }

  activateNext() {
    this.activate((this.activeIndex + 1) % this.sections.length);
    this.activeSection?.node.scrollIntoView({ block: "nearest" });
    this.on.announce(this.activeSection?.question.text ?? "");
  }

  /** Bring the first question that is not settled to the fore: what it is and lacks; undefined when all are settled. */
  showMissing() {
    const index = this.sections.findIndex(({ disputed }) => describeMissing(disputed.form));
    const section = this.sections[index];
    if (!section) return undefined;
    this.activate(index);
    section.node.classList.add("missing");
    section.node.scrollIntoView({ block: "nearest" });
    return { question: section.question.text, missing: describeMissing(section.disputed.form) };
  }

  /**
   * What a key does here, if anything.
   * @param {string} key
   * @returns {import("../page/shell.js").Action | undefined}
   */
  findAction(key) {
    for (const section of this.sections) {
      const { answers, keys } = section.question;
      const answer = answers.find(({ value }) => keys[value] === key);
      if (answer) return () => section.answer(answer.value);
    }
    const chosen = this.study.kinds.find((kind) => kind.key === key);
    if (chosen) return () => this.activeSection?.explain(chosen.kind);
    /** @type {import("../page/shell.js").Actions} */
    const actions = { v: () => this.activateNext(), n: () => this.activeSection?.reason.focus() };
    return actions[key];
  }
}
