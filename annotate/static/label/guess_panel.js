// The last question of a queue: which model was it? Free text, never a list.

import { button, el } from "../page/dom.js";

export class GuessPanel {
  /**
   * @param {number} number of this guess, from 1
   * @param {number} total
   * @param {{ save: (text: string) => void, skip: () => void }} on
   */
  constructor(number, total, on) {
    this.on = on;
    this.spoken = "";
    this.input = el("input", {
      type: "text",
      maxlength: 200,
      "aria-label": "Which model do you think this was?",
      autocomplete: "off",
      placeholder: "A name, a family or a company",
    });
    const hint = `Guess ${number} of ${total}. Your first thought is enough. It does not change your answers.`;
    const buttons = [
      button("Skip the rest", "", on.skip),
      button("No idea", "i", () => on.save("")),
      button("Save guess", "Enter", () => this.save(), { class: "primary" }),
    ];
    const heading = el("h3", {}, "Which model do you think this was?");
    this.node = el(
      "aside",
      { class: "panel", "aria-label": "Guess" },
      el("section", { class: "question" }, heading, el("p", { class: "quiet" }, hint), this.input),
      el("div", { class: "act" }, ...buttons),
    );
  }

  save() {
    const text = this.input.value.trim();
    if (text) this.on.save(text);
    else this.input.focus();
  }

  focus() {
    this.input.focus();
  }

  /**
   * What a key does here, if anything.
   * @param {string} key
   */
  findAction(key) {
    return key === "i" ? () => this.on.save("") : undefined;
  }
}
