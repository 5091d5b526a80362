// The last question of a queue: which model was it? Free text, never a list.

import { button, el } from "./transcript.js";

export class GuessPanel {
  // `on`: save(text), skip().
  constructor(number, total, on) {
    this.on = on;
    this.input = el("input", { type: "text", maxlength: "200", "aria-label": "Which model do you think this was?", autocomplete: "off",
      placeholder: "A name, a family or a company" });
    this.node = el("aside", { class: "panel", "aria-label": "Guess" },
      el("section", { class: "question" }, el("h3", {}, "Which model do you think this was?"),
        el("p", { class: "quiet" }, `Guess ${number} of ${total}. Your first thought is enough. It changes nothing about your answers.`), this.input),
      el("div", { class: "act" }, button("Skip the rest", "", on.skip), button("No idea", "i", () => on.save("")),
        button("Save guess", "Enter", () => this.save(), { class: "primary" })));
  }

  save() {
    const text = this.input.value.trim();
    if (text) this.on.save(text);
    else this.input.focus();
  }

  actionOf(key) {
    return { i: () => this.on.save("") }[key];
  }
}
