// What surrounds every page at the desk: bar, notice, banner, body, dialog, and what is announced.

import { button, el } from "./dom.js";

/** @typedef {Wire.StudyPayload | Wire.AdjudicationStudyPayload} AnyStudy */

export class Frame {
  title = el("strong", { class: "title" });
  count = el("span", { class: "count" });
  meter = el("progress", { max: 1, value: 0, "aria-label": "Labelled" });
  pace = el("span", { class: "count pace" });
  status = el("span", { class: "state" });
  tools = el("span", { class: "tools" });
  notice = el("div", { class: "notice", role: "note", hidden: true });
  banner = el("div", { class: "banner", hidden: true });
  body = el("div", { class: "body" });
  live = el("div", { class: "live", role: "status", "aria-live": "polite" });
  dialog = el("dialog");
  desk = el(
    "div",
    { class: "desk" },
    el("header", { class: "bar" }, this.title, this.count, this.meter, this.pace, this.status, this.tools),
    this.notice,
    this.banner,
    this.body,
    this.live,
    this.dialog,
  );
  isOpened = false; // the study has come
  hasFault = false; // the banner tells of a fault that passes by itself

  /**
   * @param {ParentNode} root
   * @param {string} style address of the style sheet
   */
  constructor(root, style) {
    const showStyled = () => this.desk.classList.add("styled");
    root.append(el("link", { rel: "stylesheet", href: style, onload: showStyled }), this.desk);
    // A click on the dialog itself is one on its backdrop: what is inside covers it.
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  /** @param {AnyStudy} study */
  showStudy({ title, notice }) {
    this.isOpened = true;
    this.title.textContent = title;
    this.notice.textContent = notice;
    this.notice.hidden = !notice;
  }

  /**
   * Another page in the body; much enlarged the desk scrolls as a whole, and what is new is read from its beginning.
   * @param {Node[]} nodes
   */
  replaceBody(...nodes) {
    this.body.replaceChildren(...nodes);
    this.desk.scrollTop = 0;
  }

  /** @param {string} text for a screen reader; said again when it is the same */
  announce(text) {
    this.live.textContent = "";
    this.live.textContent = text;
  }

  /**
   * @param {string} text "" hides the banner
   * @param {(Node | "")[]} actions
   */
  showBanner(text, ...actions) {
    this.hasFault = false;
    this.banner.replaceChildren(...(text ? [el("span", { role: "alert" }, text), ...actions] : []));
    this.banner.hidden = !text;
  }

  /**
   * What the bar says about saving.
   * @param {string} text
   * @param {"" | "good" | "bad" | "busy"} kind
   */
  showStatus(text, kind = "") {
    this.status.textContent = text;
    this.status.className = `state ${kind}`;
  }

  /** @param {Node[]} children */
  openDialog(...children) {
    const close = button("Close", "Escape", () => this.dialog.close(), { autofocus: true });
    this.dialog.replaceChildren(...children, el("div", { class: "act" }, close));
    this.dialog.showModal();
    this.dialog.scrollTop = 0; // the focus on Close, at the end, scrolled there
  }
}
