// The item on the screen: its situation, its messages, the cursor among them and the marks of evidence.

import { button, el } from "../page/dom.js";
import { formatCount } from "../state/text.js";
import { createMessage, createSituation } from "./transcript.js";

const FIRST_MESSAGES = 40; // made at once; the others follow while the browser is idle
const MESSAGES_A_STEP = 80;
const FIRST_STEP_MS = 50; // not before the first ones are painted
const STEP_MS = 16;

/**
 * @typedef {object} ViewOptions
 * @property {((index: number) => void) | null} [onMark] called by a message's button; null: nothing can be marked
 * @property {() => void} [onScroll]
 * @property {(() => void) | null} [onSkip] goes past all the messages' buttons to what can be answered
 * @property {boolean} [isScenario]
 */

export class TranscriptView {
  /**
   * @param {{ content: Wire.Content, evidence: Set<number> }} item
   * @param {string} title
   * @param {ViewOptions} options
   */
  constructor(item, title, { onMark = null, onScroll = () => {}, onSkip = null, isScenario = false }) {
    this.item = item;
    this.onMark = onMark;
    this.cursor = -1;
    this.log = el("div", { class: "log" });
    this.heading = el("h1", { tabindex: "-1" }, title);
    const skip = onSkip && el("button", { type: "button", class: "skip", onclick: onSkip }, "Go to the questions");
    const count = el("h2", {}, `Conversation (${formatCount(this.nMessages, "message")})`);
    const conversation = isScenario ? [] : [count, this.log];
    const parts = [this.heading, skip, ...createSituation(item.content, isScenario), ...conversation];
    this.node = el(
      "section",
      { class: "scroll", tabindex: "0", "aria-label": isScenario ? "Scenario" : "Transcript", onscroll: onScroll },
      el("div", { class: "column" }, ...parts),
    );
    this.addMessages(FIRST_MESSAGES);
    setTimeout(() => this.addRemaining(), FIRST_STEP_MS);
  }

  get nMessages() {
    return this.item.content.messages.length;
  }

  addRemaining() {
    const n = this.log.childElementCount;
    if (!this.node.isConnected || n >= this.nMessages) return;
    this.addMessages(n + MESSAGES_A_STEP);
    setTimeout(() => this.addRemaining(), STEP_MS);
  }

  /** @param {number} end make the messages before this index that are not there yet */
  addMessages(end) {
    const start = this.log.childElementCount;
    const missing = this.item.content.messages.slice(start, end);
    this.log.append(...missing.map((message, offset) => this.createArticle(message, start + offset)));
  }

  /**
   * @param {Wire.Message} message
   * @param {number} index
   */
  createArticle(message, index) {
    const isMarked = this.item.evidence.has(index);
    const markButton = this.onMark && this.createMarkButton(index, isMarked);
    return createMessage(message, index, { isMarked, markButton, onclick: () => this.moveTo(index, false) });
  }

  /**
   * @param {number} index
   * @param {boolean} isMarked
   */
  createMarkButton(index, isMarked) {
    return button(isMarked ? "Evidence" : "Mark", "", () => this.onMark?.(index), {
      class: "mark",
      "aria-pressed": String(isMarked),
      "aria-label": `Message ${index + 1} as evidence`,
    });
  }

  /** After the reasoning has come: only messages that have some are made again. */
  refreshReasoning() {
    for (const [index, message] of this.item.content.messages.entries()) {
      if (message.reasoning) this.log.children[index]?.replaceWith(this.createArticle(message, index));
    }
    this.log.children[this.cursor]?.classList.add("cursor");
  }

  /**
   * @param {number} index of a message whose mark has changed
   * @param {boolean} isMarked
   */
  showMark(index, isMarked) {
    const article = this.log.children[index];
    article?.classList.toggle("marked", isMarked);
    const mark = article?.querySelector(".mark");
    if (!mark?.firstChild) return;
    // Changed in place: whoever pressed it from the keyboard keeps the focus.
    mark.setAttribute("aria-pressed", String(isMarked));
    mark.firstChild.nodeValue = isMarked ? "Evidence" : "Mark";
  }

  /**
   * Put the cursor on a message.
   * @param {number} index
   * @param {boolean} scrolls bring it into view
   */
  moveTo(index, scrolls = true) {
    if (!this.nMessages) return;
    this.log.children[this.cursor]?.classList.remove("cursor");
    this.cursor = Math.max(0, Math.min(index, this.nMessages - 1));
    this.addMessages(this.cursor + 1);
    const article = this.log.children[this.cursor];
    article?.classList.add("cursor");
    if (!scrolls || !(article instanceof HTMLElement)) return;
    const isTall = article.offsetHeight > this.node.clientHeight;
    article.scrollIntoView({ block: isTall ? "start" : "nearest" });
    article.focus({ preventScroll: true });
  }

  /** Take the focus where keys are pressed from: the message at the cursor, else the heading; both scroll with arrows. */
  focus() {
    const article = this.log.children[this.cursor];
    (article instanceof HTMLElement ? article : this.heading).focus({ preventScroll: true });
  }

  unfold() {
    const fold = this.log.children[this.cursor]?.querySelector("[data-fold]");
    if (fold instanceof HTMLElement) fold.click();
  }

  /**
   * What a key does here, if anything.
   * @param {string} key
   */
  findAction(key) {
    /** @type {import("../page/shell.js").Actions} */
    const actions = {
      j: () => this.moveTo(this.cursor + 1),
      k: () => this.moveTo(this.cursor - 1),
      o: () => this.unfold(),
    };
    return actions[key];
  }
}
