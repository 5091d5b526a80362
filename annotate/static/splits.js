// The split questions of one transcript: what readers answered, without them, and what the adjudicator makes of it.

import { questionHelp } from "./search.js";
import { button, el, shown } from "./transcript.js";

const CONTESTED = "contested";
const WIDE = "(min-width: 861px)";

// What is missing in a decision, in words; "" when it is complete.
export function lacks({ answer, kind, reason }) {
  if (kind !== CONTESTED && !answer) return "choose an answer, or contested";
  if (!kind) return "say why readers parted";
  return reason.trim() ? "" : "write a reason";
}

// Whether there is something to save: another decision than the saved one, or one that readers called into question.
export function isNew(one) {
  const { form, saved } = one;
  return one.changed || !saved || form.kind !== saved.kind || (form.answer ?? null) !== saved.answer || form.reason.trim() !== saved.reason;
}

export class SplitPanel {
  // `on` has what the page does: changed(), say(text), save(), back(), later(), moveTo(index).
  constructor(study, item, on) {
    Object.assign(this, { study, item, on, active: 0 });
    this.sections = item.questions.map((one, at) => this.section(one, at));
    const act = el("div", { class: "act" }, button("Back", "u", on.back), button("Later", "d", on.later),
      button(item.questions.every((one) => one.saved) ? "Save correction" : "Save", "Enter", on.save, { class: "primary", disabled: !study.open }));
    this.node = el("aside", { class: "panel splits", "aria-label": "Questions to settle" },
      item.contested ? el("p", { class: "quiet" }, "A reader marked this transcript as contested.") : "", ...this.sections, this.heard(), act);
    this.activate(Math.max(item.questions.findIndex((one) => lacks(one.form) || one.changed), 0));
  }

  questionOf(one) {
    return this.study.questions.find((question) => question.id === one.id);
  }

  section(one, at) {
    const question = this.questionOf(one);
    const label = (value) => question.answers.find((answer) => answer.value === value)?.label ?? value;
    const id = `split-${at}`;
    const help = questionHelp(question);
    const node = el("section", { class: "question", "aria-labelledby": id, onfocusin: () => this.activate(at), onpointerdown: () => this.activate(at) },
      el("h3", { id }, question.text),
      help.length ? el("details", { class: "definition" }, el("summary", {}, "Definition and examples"), ...help) : "",
      el("p", { class: "given" }, el("span", { class: "rowname" }, one.given.length > 1 ? "Readers answered " : "Every reader answered "),
        ...one.given.flatMap((value, place) => [place ? " and " : "", el("strong", {}, label(value))])),
      one.changed ? el("p", { class: "recheck", role: "note" }, "Readers answer otherwise now than when you decided. Decide again.") : "");
    one.reasonField = el("textarea", { rows: "2", maxlength: "10000", "aria-label": `Reason. ${question.text}`, placeholder: "Reason (key n)",
      oninput: (event) => { one.form.reason = event.target.value; this.on.changed(); } });
    one.reasonField.value = one.form.reason;
    one.meaning = el("p", { class: "quiet", "aria-live": "polite" });
    node.append(el("div", { class: "row answers", role: "group", "aria-label": "Your answer" }, ...question.answers.map((answer) =>
      button(answer.label, question.keys[answer.value], () => this.answer(at, answer.value), { "data-answer": answer.value }))),
    el("div", { class: "row kinds", role: "group", "aria-label": "Why readers parted" }, ...this.study.kinds.map((kind) =>
      button(kind.label, kind.key, () => this.explain(at, kind.kind), { "data-kind": kind.kind }))), one.meaning, one.reasonField);
    this.press(node, one);
    return node;
  }

  // Notes and marks belong to the transcript, not to a question: nothing says whose they are.
  heard() {
    const { notes, evidence } = this.item;
    if (!notes.length && !evidence.size) return "";
    const marks = [...evidence].sort((a, b) => a - b).map((index) =>
      button(`#${index + 1}`, "", () => this.on.moveTo(index), { class: "jump", "aria-label": `Go to message ${index + 1}` }));
    return el("details", { class: "extras", open: matchMedia(WIDE).matches }, el("summary", {}, "What readers noted and marked"),
      notes.length ? el("ul", { class: "notes" }, ...notes.map((note) => el("li", { dir: "auto" }, ...shown(note)))) : "",
      marks.length ? el("div", { class: "row evidence", role: "group", "aria-label": "Marked messages" }, el("span", { class: "rowname" }, "Marked"), ...marks) : "");
  }

  press(node, { form, meaning }) {
    for (const one of node.querySelectorAll("[data-answer]")) one.setAttribute("aria-pressed", String(form.answer === one.dataset.answer));
    for (const one of node.querySelectorAll("[data-kind]")) one.setAttribute("aria-pressed", String(form.kind === one.dataset.kind));
    const text = this.study.kinds.find((kind) => kind.kind === form.kind)?.meaning ?? "";
    if (meaning.textContent !== text) meaning.textContent = text;
    node.classList.remove("missing");
  }

  activate(at) {
    this.active = at;
    for (const [place, node] of this.sections.entries()) {
      node.classList.toggle("active", place === at);
      if (place === at) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    }
  }

  answer(at, value) {
    const one = this.item.questions[at];
    one.form.answer = value;
    if (one.form.kind === CONTESTED) one.form.kind = undefined;
    this.done(at, this.questionOf(one).answers.find((answer) => answer.value === value).label);
  }

  explain(at, kind) {
    const one = this.item.questions[at];
    one.form.kind = kind;
    if (kind === CONTESTED) one.form.answer = undefined;
    this.done(at, this.study.kinds.find((known) => known.kind === kind).label);
  }

  done(at, text) {
    const one = this.item.questions[at];
    this.activate(at);
    this.press(this.sections[at], one);
    this.on.say(`${this.questionOf(one).text} ${text}`);
    this.on.changed();
  }

  nextQuestion() {
    this.activate((this.active + 1) % this.sections.length);
    this.sections[this.active].scrollIntoView({ block: "nearest" });
    this.on.say(this.questionOf(this.item.questions[this.active]).text);
  }

  writeReason() {
    this.item.questions[this.active].reasonField.focus();
  }

  // The first question that is not settled yet, brought to the fore, and what it lacks; undefined when all are.
  missing() {
    const at = this.item.questions.findIndex((one) => lacks(one.form));
    if (at < 0) return undefined;
    const one = this.item.questions[at];
    this.activate(at);
    this.sections[at].classList.add("missing");
    this.sections[at].scrollIntoView({ block: "nearest" });
    return { text: this.questionOf(one).text, lacks: lacks(one.form) };
  }

  // What a key does here, if anything.
  actionOf(key) {
    for (const [at, one] of this.item.questions.entries()) {
      const value = Object.entries(this.questionOf(one).keys).find(([, own]) => own === key)?.[0];
      if (value !== undefined) return () => this.answer(at, value);
    }
    const kind = this.study.kinds.find((known) => known.key === key);
    if (kind) return () => this.explain(this.active, kind.kind);
    return { v: () => this.nextQuestion(), n: () => this.writeReason() }[key];
  }
}
