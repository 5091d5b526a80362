// How a page at the desk lives: it listens to keys and to payloads, opens guideline and help, and closes.
// A page extends Shell and brings what its keys do: findTypingAction, findEnterAction, findAction.

import { createSearch } from "../transcript/search.js";
import { button, el, kbd } from "./dom.js";
import { Frame } from "./frame.js";

/** @typedef {() => unknown} Action */
/** @typedef {Partial<Record<string, Action>>} Actions What each key does. */
/** @typedef {Pick<Wire.DeskPayload, "id" | "signed_out" | "unreadable" | "error" | "acks">} BasePayload */

/** @template {import("../state/messages.js").Operation} T */
export class Shell extends Frame {
  stop = new AbortController();
  /** @type {string | undefined} */
  lastPayloadId = undefined;
  /** @type {HTMLInputElement | undefined} */
  searchInput = undefined;

  /**
   * @param {ParentNode} root
   * @param {string} style address of the style sheet
   * @param {import("../state/outbox.js").Outbox<T>} outbox
   */
  constructor(root, style, outbox) {
    super(root, style);
    this.outbox = outbox;
    outbox.onResend = () => this.showStatus("Not saved yet, trying again…", "bad");
    this.tools.append(
      button("Guideline", "g", () => this.openGuideline()),
      button("Help", "?", () => this.openHelp()),
      button("Sign out", "", () => this.signOut()),
    );
    this.listen();
  }

  listen() {
    const { signal } = this.stop;
    const markActive = () => this.markActive();
    for (const name of ["keydown", "pointermove", "pointerdown", "wheel", "touchstart"])
      document.addEventListener(name, markActive, { signal, passive: true });
    document.addEventListener("keydown", (event) => this.handleKey(event), { signal });
    window.addEventListener("pagehide", () => this.outbox.store(), { signal });
  }

  /** The person has done something. */
  markActive() {}

  close() {
    this.stop.abort();
    this.outbox.close();
  }

  /** @returns {import("./frame.js").AnyStudy} */
  get study() {
    throw new Error("a page has a study");
  }

  // ---- payloads ------------------------------------------------------------------------------------------

  /**
   * Whether a payload is to be read: Streamlit shows the last one again, e.g. when the theme changes.
   * @param {BasePayload | undefined} payload
   */
  isNews(payload) {
    if (!payload || payload.id === this.lastPayloadId) return false;
    this.lastPayloadId = payload.id;
    if (payload.signed_out) this.showBanner(payload.signed_out);
    // Kept by another version of this page: sending it again cannot help.
    else if (payload.unreadable) this.outbox.drop(() => true);
    return !payload.signed_out;
  }

  /**
   * Show a fault, or take it back once something has succeeded.
   * @param {BasePayload} payload
   */
  showFaultOf(payload) {
    if (payload.error) this.showFault(payload.error);
    else if (this.hasFault && payload.acks?.every((ack) => ack.ok)) this.showBanner("");
  }

  /** @param {string} text a fault that passes by itself: the sentence goes when something succeeds again */
  showFault(text) {
    const retry = button("Try again", "", () => this.outbox.flush(true));
    this.showBanner(text, retry);
    this.hasFault = true;
  }

  // ---- dialogs -------------------------------------------------------------------------------------------

  /** @param {boolean} isSearch whether the cursor goes into the search box */
  openGuideline(isSearch = false) {
    if (!this.isOpened) return;
    const { node, input } = createSearch(this.study);
    this.searchInput = input;
    this.openDialog(node);
    if (isSearch) input.focus();
  }

  openHelp() {
    if (!this.isOpened) return;
    const keys = this.listKeys().filter(([key]) => key);
    const rows = keys.map(([key, meaning]) => el("tr", {}, el("td", {}, kbd(key)), el("td", {}, meaning)));
    const hint = "Keys do nothing while you type; Escape leaves the field.";
    this.openDialog(el("h2", {}, "Keys"), el("p", {}, hint), el("table", {}, ...rows));
  }

  /** Answers and actions with their keys. */
  listKeys() {
    const answers = this.study.questions.flatMap(({ text, answers, keys }) =>
      answers.map(({ value, label }) => [keys[value] ?? "", `${text} ${label}`]),
    );
    return [...answers, ...Object.entries(this.study.actions).map(([meaning, key]) => [key, meaning])];
  }

  async signOut() {
    if (this.outbox.waiting.size && this.isOpened) {
      this.outbox.flush(true);
      return this.showStatus("Saving first; sign out again in a moment", "bad");
    }
    await fetch("/logout", { method: "POST", redirect: "manual" });
    location.replace("/");
  }

  // ---- keys ----------------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  handleKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !this.isOpened) return;
    const action = this.findActionOf(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {Action | undefined}
   */
  findActionOf(event) {
    const target = event.composedPath()[0];
    const isField = target instanceof HTMLElement && /^(TEXTAREA|INPUT|SELECT)$/.test(target.tagName);
    if (this.dialog.open) return isField ? undefined : this.findDialogAction(event.key);
    if (isField) return this.findTypingAction(event.key, target);
    return event.key === "Enter" ? this.findEnterActionOf(event, target) : this.findAction(event.key);
  }

  /**
   * Enter on a control that was reached by Tab presses it; everywhere else, and on what is chosen, it is the page's.
   * @param {KeyboardEvent} event
   * @param {EventTarget | undefined} target
   * @returns {Action | undefined}
   */
  findEnterActionOf(event, target) {
    if (event.repeat) return () => {};
    const control = target instanceof HTMLElement && target.closest("button, summary, a");
    if (control && control.getAttribute("aria-pressed") !== "true") return undefined;
    return this.findEnterAction();
  }

  /** @param {string} key */
  findDialogAction(key) {
    if ("g?".includes(key)) return () => this.dialog.close();
    const { searchInput } = this;
    return key === "/" && searchInput?.isConnected ? () => searchInput.focus() : undefined;
  }

  /**
   * In a field keys are text.
   * @param {string} _key
   * @param {HTMLElement} _target
   * @returns {Action | undefined}
   */
  findTypingAction(_key, _target) {
    return undefined;
  }

  /** @returns {Action | undefined} */
  findEnterAction() {
    const main = this.body.querySelector("button.primary");
    return main instanceof HTMLElement ? () => main.click() : undefined;
  }

  /**
   * @param {string} key
   * @returns {Action | undefined}
   */
  findAction(key) {
    /** @type {Actions} */
    const actions = {
      g: () => this.openGuideline(),
      "/": () => this.openGuideline(true),
      "?": () => this.openHelp(),
    };
    return actions[key];
  }
}
