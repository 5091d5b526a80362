// The item on the screen: its situation, its messages, the cursor among them and the marks of evidence.

import { button, el, messageArticle, situation } from "./transcript.js";

const FIRST_MESSAGES = 40; // made at once; the others follow while the browser is idle
const MESSAGES_A_STEP = 80;

export class Reader {
  // `mark(index)` is called by a message's button (null: nothing can be marked); `active` when the person scrolls.
  // `skip` goes past all the messages' buttons to what can be answered.
  constructor(item, title, { mark = null, active = () => {}, skip = null, isScenario = false } = {}) {
    this.item = item;
    this.mark = mark;
    this.cursor = -1;
    this.log = el("div", { class: "log" });
    this.heading = el("h1", { tabindex: "-1" }, title);
    const n = item.content.messages.length;
    const talk = isScenario ? [] : [el("h2", {}, `Conversation (${n} ${n === 1 ? "message" : "messages"})`), this.log];
    this.node = el("section", { class: "scroll", tabindex: "0", "aria-label": isScenario ? "Scenario" : "Transcript", onscroll: active },
      el("div", { class: "column" }, this.heading, skip && el("button", { type: "button", class: "skip", onclick: skip }, "Go to the questions"),
        ...situation(item.content, isScenario), ...talk));
    this.upTo(FIRST_MESSAGES);
    setTimeout(() => this.fill(), 50);
  }

  get n() { return this.item.content.messages.length; }

  fill() {
    if (!this.node.isConnected || this.log.childElementCount >= this.n) return;
    this.upTo(this.log.childElementCount + MESSAGES_A_STEP);
    setTimeout(() => this.fill(), 16);
  }

  upTo(count) {
    const from = this.log.childElementCount;
    this.log.append(...this.item.content.messages.slice(from, count).map((message, at) => this.article(message, from + at)));
  }

  article(message, index) {
    const marked = this.item.evidence.has(index);
    const mark = this.mark && button(marked ? "Evidence" : "Mark", "", () => this.mark(index), { class: "mark",
      "aria-pressed": String(marked), "aria-label": `Message ${index + 1} as evidence` });
    return messageArticle(message, index, { marked, mark, onclick: () => this.moveTo(index, false) });
  }

  // After the content has changed: what was made already is made again, but only where something came in.
  refresh() {
    for (const [index, message] of this.item.content.messages.entries()) {
      const old = this.log.children[index];
      if (old && message.reasoning) old.replaceWith(this.article(message, index));
    }
    this.log.children[this.cursor]?.classList.add("cursor");
  }

  marked(index, isOn) {
    const node = this.log.children[index];
    node.classList.toggle("marked", isOn);
    const mark = node.querySelector(".mark");
    mark.setAttribute("aria-pressed", String(isOn));
    mark.firstChild.data = isOn ? "Evidence" : "Mark";
  }

  moveTo(index, scroll = true) {
    if (!this.n) return;
    const at = Math.max(0, Math.min(index, this.n - 1));
    this.upTo(at + 1);
    this.log.children[this.cursor]?.classList.remove("cursor");
    this.cursor = at;
    const node = this.log.children[at];
    node.classList.add("cursor");
    if (!scroll) return;
    node.scrollIntoView({ block: node.offsetHeight > this.node.clientHeight ? "start" : "nearest" });
    node.focus({ preventScroll: true });
  }

  // Where keys are pressed from: the message at the cursor, else the heading; both scroll with the arrow keys.
  focus() {
    (this.log.children[this.cursor] ?? this.heading).focus({ preventScroll: true });
  }

  unfold() {
    this.log.children[this.cursor]?.querySelector("[data-fold]")?.click();
  }
}
