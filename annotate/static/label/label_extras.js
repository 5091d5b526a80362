// What may be said of an item beside its answers: confidence, evidence, contested, a note.

import { button, createJumpButtons, el, setPressed } from "../page/dom.js";

/** @import { Item } from "../state/items.js" */

/** @type {[number, string, string][]} */
const CONFIDENCE_LEVELS = [
  [1, "Low", "l"],
  [2, "Medium", "m"],
  [3, "High", "h"],
];
const WIDE_SCREEN = "(min-width: 861px)";

export class LabelExtras {
  /**
   * @param {Item} item
   * @param {boolean} isScenario
   * @param {{ onChange: () => void, announce: (text: string) => void, moveTo: (index: number) => void }} on
   */
  constructor(item, isScenario, on) {
    this.item = item;
    this.on = on;
    this.note = this.createNote();
    this.evidence = this.createEvidenceRow();
    const title = isScenario ? "Confidence, contested, note" : "Confidence, evidence, contested, note";
    const isUnfolded = matchMedia(WIDE_SCREEN).matches || item.note !== "" || item.contested;
    this.node = el(
      "details",
      { class: "extras", open: isUnfolded },
      el("summary", {}, title),
      this.createConfidenceRow(),
      !isScenario && this.evidence,
      this.createContestedRow(),
      this.note,
    );
  }

  createConfidenceRow() {
    const buttons = CONFIDENCE_LEVELS.map(([level, text, key]) =>
      button(text, key, () => this.setConfidence(level), {
        "aria-pressed": String(this.item.confidence === level),
        "data-confidence": level,
      }),
    );
    const name = el("span", { class: "rowname" }, "Confidence");
    return el("div", { class: "row", role: "group", "aria-label": "Confidence" }, name, ...buttons);
  }

  createEvidenceRow() {
    const jumps = createJumpButtons(this.item.evidence, this.on.moveTo);
    const hint = el("span", { class: "quiet" }, "j k move, e marks a message");
    const name = el("span", { class: "rowname" }, "Evidence");
    const content = jumps.length ? jumps : [hint];
    return el("div", { class: "row evidence", role: "group", "aria-label": "Evidence" }, name, ...content);
  }

  createContestedRow() {
    const state = { class: "contested", "aria-pressed": String(this.item.contested) };
    const toggle = button("Careful annotators would split", "x", () => this.toggleContested(), state);
    return el("div", { class: "row" }, el("span", { class: "rowname" }, "Contested"), toggle);
  }

  createNote() {
    const note = el("textarea", {
      rows: 2,
      maxlength: 10_000,
      "aria-label": "Note",
      placeholder: "Note (optional, key n)",
    });
    note.value = this.item.note;
    note.addEventListener("input", () => {
      this.item.note = note.value;
      this.on.onChange();
    });
    return note;
  }

  /** @param {number} level chosen again, it is taken back */
  setConfidence(level) {
    const { item, on } = this;
    item.confidence = item.confidence === level ? null : level;
    setPressed(this.node, "[data-confidence]", (node) => Number(node.dataset.confidence) === item.confidence);
    const chosen = CONFIDENCE_LEVELS.find(([value]) => value === item.confidence);
    on.announce(chosen ? `Confidence ${chosen[1]}.` : "No confidence given.");
    on.onChange();
  }

  toggleContested() {
    const { item, on } = this;
    item.contested = !item.contested;
    setPressed(this.node, ".contested", () => item.contested);
    on.announce(item.contested ? "Marked as contested." : "Not contested.");
    on.onChange();
  }

  /** The item's evidence has changed. */
  showEvidence() {
    const row = this.createEvidenceRow();
    this.evidence.replaceWith(row);
    this.evidence = row;
  }

  writeNote() {
    this.node.open = true;
    this.note.focus();
  }

  /**
   * What a key does here, if anything.
   * @param {string} key
   * @returns {import("../page/shell.js").Action | undefined}
   */
  findAction(key) {
    const level = CONFIDENCE_LEVELS.find(([, , ownKey]) => ownKey === key);
    if (level) return () => this.setConfidence(level[0]);
    /** @type {import("../page/shell.js").Actions} */
    const actions = { x: () => this.toggleContested(), n: () => this.writeNote() };
    return actions[key];
  }
}
