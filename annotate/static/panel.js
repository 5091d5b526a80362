// The questions about one item, with confidence, evidence, note and the contested mark.

import { asked } from "./items.js";
import { questionHelp } from "./search.js";
import { button, el } from "./transcript.js";

export const CONFIDENCE = [[1, "Low", "l"], [2, "Medium", "m"], [3, "High", "h"]];
const WIDE = "(min-width: 861px)";

export class Panel {
  // `on` has what the desk does: changed(), say(text), submit(), back(), later(), showReasoning(), moveTo(index).
  constructor(study, item, on, { above = [], act = null } = {}) {
    Object.assign(this, { study, item, on, above, act });
    this.isScenario = study.unit === "scenario";
    this.node = el("aside", { class: "panel", "aria-label": "Questions" });
    this.render();
  }

  // What was unfolded stays so, and whoever was typing or choosing goes on where they were.
  render() {
    const old = this.node.querySelector("details.extras");
    const open = old ? old.open : matchMedia(WIDE).matches || Boolean(this.item.note) || this.item.contested;
    this.unfolded = new Set([...this.node.querySelectorAll("details.definition[open]")].map((one) => one.dataset.of));
    const focus = this.node.getRootNode().activeElement;
    const { question, value } = focus?.dataset ?? {};
    const caret = focus === this.note && this.note ? this.note.selectionStart : null;
    const groups = asked(this.study, this.item).map((one) => this.group(one));
    this.node.replaceChildren(el("h2", { class: "spoken" }, "Questions"), ...this.above, ...groups, this.extras(open), this.act ? this.act() : this.buttons());
    if (!this.node.isConnected) return;
    if (question) this.node.querySelector(`[data-question="${CSS.escape(question)}"][data-value="${CSS.escape(value)}"]`)?.focus();
    if (caret === null) return;
    this.note.focus();
    this.note.setSelectionRange(caret, caret);
  }

  buttons() {
    const { item, study, on } = this;
    return el("div", { class: "act" }, button("Back", "u", on.back), button("Later", "d", on.later),
      button(item.revision ? "Save correction" : "Submit", "Enter", on.submit, { class: "primary", disabled: !study.open }));
  }

  group(question) {
    const id = `q-${question.id}`;
    const fixed = this.item.fixed[question.id] !== undefined;
    const shut = fixed || (this.item.withheld && question.needs_reasoning);
    const answers = question.answers.map((answer) => button(answer.label, question.keys[answer.value],
      () => this.answer(question, answer.value), { "aria-pressed": String(this.item.answers[question.id] === answer.value), disabled: shut,
        "data-question": question.id, "data-value": answer.value }));
    const help = questionHelp(question);
    return el("section", { class: "question" },
      el("h3", { id }, question.text, question.optional ? el("span", { class: "quiet" }, " optional") : ""),
      help.length ? el("details", { class: "definition", "data-of": question.id, open: this.unfolded.has(question.id) }, el("summary", {}, "Definition and examples"), ...help) : "",
      el("div", { class: "row answers", role: "group", "aria-labelledby": id }, ...answers),
      fixed ? el("p", { class: "quiet" }, "Given before the reasoning was shown; you can correct it after submitting.") : "",
      this.item.withheld && question.id === this.study.reasoning_after ? this.reasoningRow(question) : "");
  }

  reasoningRow(question) {
    const ready = this.item.answers[question.id] !== undefined && !this.item.asking;
    return el("div", { class: "row reveal" }, button(this.item.asking ? "Loading the reasoning…" : "Show the reasoning", "v",
      this.on.showReasoning, { disabled: !ready }), el("span", { class: "quiet" }, "This answer is then fixed until you submit."));
  }

  extras(open) {
    const { item } = this;
    const confidence = el("div", { class: "row", role: "group", "aria-label": "Confidence" }, el("span", { class: "rowname" }, "Confidence"),
      ...CONFIDENCE.map(([value, text, key]) => button(text, key, () => this.confide(value), {
        "aria-pressed": String(item.confidence === value), "data-confidence": value })));
    const contested = el("div", { class: "row" }, el("span", { class: "rowname" }, "Contested"),
      button("Careful readers would split", "x", () => this.contest(), { class: "contested", "aria-pressed": String(item.contested) }));
    this.note = el("textarea", { rows: "2", maxlength: "10000", "aria-label": "Note", placeholder: "Note (optional, key n)",
      oninput: (event) => { item.note = event.target.value; this.on.changed(); } });
    this.note.value = item.note;
    const title = this.isScenario ? "Confidence, contested, note" : "Confidence, evidence, contested, note";
    return el("details", { class: "extras", open }, el("summary", {}, title), confidence,
      this.isScenario ? "" : this.evidenceRow(), contested, this.note);
  }

  evidenceRow() {
    const { evidence } = this.item;
    const list = [...evidence].sort((a, b) => a - b).slice(0, 12).map((index) =>
      button(`#${index + 1}`, "", () => this.on.moveTo(index), { class: "jump", "aria-label": `Go to message ${index + 1}` }));
    return el("div", { class: "row evidence", role: "group", "aria-label": "Evidence" }, el("span", { class: "rowname" }, "Evidence"),
      ...(evidence.size ? list : [el("span", { class: "quiet" }, "j k move, e marks a message")]));
  }

  answer(question, value) {
    const { item } = this;
    if (item.fixed[question.id] !== undefined) return this.on.say("This answer stays until you have submitted.");
    if (item.withheld && question.needs_reasoning) return this.on.say("Show the reasoning first, key v.");
    const before = asked(this.study, item).length;
    if (item.answers[question.id] === value && question.optional) delete item.answers[question.id];
    else item.answers[question.id] = value;
    if (asked(this.study, item).length !== before || (item.withheld && question.id === this.study.reasoning_after)) this.render();
    for (const one of this.node.querySelectorAll(`[data-question="${CSS.escape(question.id)}"]`))
      one.setAttribute("aria-pressed", String(item.answers[question.id] === one.dataset.value));
    this.on.say(`${question.text} ${question.answers.find((one) => one.value === value).label}`);
    this.on.changed();
  }

  confide(value) {
    this.item.confidence = this.item.confidence === value ? null : value;
    for (const one of this.node.querySelectorAll("[data-confidence]"))
      one.setAttribute("aria-pressed", String(Number(one.dataset.confidence) === this.item.confidence));
    this.on.say(this.item.confidence ? `Confidence ${CONFIDENCE[value - 1][1]}.` : "No confidence given.");
    this.on.changed();
  }

  contest() {
    this.item.contested = !this.item.contested;
    this.node.querySelector(".contested").setAttribute("aria-pressed", String(this.item.contested));
    this.on.say(this.item.contested ? "Marked as contested." : "Not contested.");
    this.on.changed();
  }

  evidenceChanged() {
    this.node.querySelector(".evidence")?.replaceWith(this.evidenceRow());
  }

  writeNote() {
    this.node.querySelector("details.extras").open = true;
    this.note.focus();
  }

  // The first question without an answer, shown as such; undefined when all is answered.
  missing() {
    const found = asked(this.study, this.item).find((question) => !question.optional && this.item.answers[question.id] === undefined);
    if (found) this.node.querySelector(`[data-question="${CSS.escape(found.id)}"]`)?.closest("section").classList.add("missing");
    return found;
  }

  // What a key does here, if anything.
  actionOf(key) {
    for (const question of asked(this.study, this.item))
      for (const answer of question.answers) if (question.keys[answer.value] === key) return () => this.answer(question, answer.value);
    const level = CONFIDENCE.find(([, , own]) => own === key);
    if (level) return () => this.confide(level[0]);
    if (key === "v" && this.item.withheld) return () => this.on.showReasoning();
    return { x: () => this.contest(), n: () => this.writeNote() }[key];
  }
}
