// Before the main queue: practice with feedback, and the calibration that readers discuss.

import { button, el, longText, shown } from "./transcript.js";

const percent = (share) => `${Math.round(share * 100)} %`;
const labelOf = (question, value) => question.answers.find((one) => one.value === value)?.label ?? value ?? "no answer";

// What the start page says of the part that comes first.
export function introduction(stage, n, word) {
  const one = n === 1 ? word : `${word}s`;
  if (stage.name === "qualification") {
    const again = stage.rounds > 1 ? ` Round ${stage.round} of ${stage.rounds}.` : "";
    return `First some practice: ${n} ${one}. After each one you see which answers were right and why. `
      + `To go on you need ${percent(stage.threshold)} of them right.${again}`;
  }
  if (stage.name === "calibration")
    return `First ${n} ${one} that everybody reads. Answer alone; when all have, you see each other's answers and talk about them.`;
  return "";
}

// How a round of practice went: title and text.
export function result({ state, n_right, n_total, threshold, round, rounds }) {
  const score = `You had ${n_right} of ${n_total} right; ${percent(threshold)} were needed.`;
  if (state === "passed") return ["Practice passed", `${score} Now the real work begins.`];
  if (state === "failed") return ["Practice not passed", `${score} Thank you for your time; please tell the researcher. Nothing more is asked of you here.`];
  return [`Practice, round ${round} of ${rounds}`, `${score} Read the guideline again, then try once more.`];
}

export class FeedbackPanel {
  // `on`: next(), back().
  constructor(study, item, on) {
    this.on = on;
    const known = study.questions.map((question) => [question, item.feedback.answers.find(([id]) => id === question.id)]).filter(([, one]) => one);
    const rows = known.map(([question, [, given, right, isRight]]) => this.row(question, given, right, isRight));
    const n = known.filter(([, [, , , isRight]]) => isRight).length;
    const verdict = n === rows.length ? "All right." : `${n} of ${rows.length} right.`;
    this.node = el("aside", { class: "panel feedback", "aria-label": "Feedback" }, el("h2", {}, verdict), ...rows,
      item.feedback.why ? el("section", { class: "why" }, el("h3", {}, "Why"), longText(item.feedback.why, 4_000)) : "",
      el("div", { class: "act" }, button("Back", "u", on.back), button("Go on", "Enter", on.next, { class: "primary" })));
    this.spoken = `${verdict} ${item.feedback.why}`;
  }

  row(question, given, right, isRight) {
    return el("section", { class: `question ${isRight ? "right" : "wrong"}` }, el("h3", {}, question.text),
      el("p", {}, el("strong", {}, isRight ? "✓ Right: " : "✗ You said: "), labelOf(question, given)),
      isRight ? "" : el("p", {}, el("strong", {}, "Right answer: "), labelOf(question, right)));
  }

  submit() { this.on.next(); }

  actionOf() { return undefined; }
}

// What the others said of one calibration item, under letters.
export function otherReaders(study, others, moveTo) {
  const cards = others.map((other) => el("section", { class: "other", "aria-label": `Reader ${other.alias}` },
    el("h4", {}, `Reader ${other.alias}`, other.contested ? el("span", { class: "chip" }, "contested") : ""),
    el("dl", { class: "said" }, ...study.questions.filter((question) => other.answers[question.id] !== undefined).flatMap((question) => [
      el("dt", {}, question.text), el("dd", {}, labelOf(question, other.answers[question.id]))])),
    other.evidence.length ? el("div", { class: "row" }, el("span", { class: "rowname" }, "Evidence"), ...other.evidence.slice(0, 12).map((index) =>
      button(`#${index + 1}`, "", () => moveTo(index), { class: "jump", "aria-label": `Reader ${other.alias}: go to message ${index + 1}` }))) : "",
    other.note ? el("p", { class: "text", dir: "auto" }, ...shown(other.note)) : ""));
  return el("section", { class: "others" }, el("h3", {}, "What the others said"), ...cards, el("h3", {}, "Your answer"));
}
