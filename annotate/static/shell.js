// The frame of every page at the desk: bar, banner, dialogs, what is spoken, and where a key press goes.
// A page extends Shell and brings `study`, `post`, keys() for the help, and what keys do: typing, enter, actionOf.

import { searchable } from "./search.js";
import { button, el, kbd } from "./transcript.js";

// What Streamlit calls with each update: one page for each place where the component stands. It also cleans up after an
// update that a newer one overtook while it was under way, so only a page that has left the document is closed.
export function mounting(Page) {
  const pages = new WeakMap();
  return ({ data, parentElement, setTriggerValue }) => {
    let page = pages.get(parentElement);
    if (!page) pages.set(parentElement, (page = new Page(parentElement, data.style)));
    page.post.send = (letter) => setTriggerValue("letter", letter);
    page.receive(data.packet);
    return () => setTimeout(() => parentElement.isConnected || page.close());
  };
}

export class Shell {
  constructor(root, style) {
    this.lastActive = performance.now();
    this.build(root, style);
    this.listen();
  }

  build(root, style) {
    this.live = el("div", { class: "live", role: "status", "aria-live": "polite" });
    this.body = el("div", { class: "body" });
    this.banner = el("div", { class: "banner", hidden: true });
    this.state = el("span", { class: "state" });
    this.count = el("span", { class: "count" });
    this.left = el("span", { class: "count left" });
    this.meter = el("progress", { max: 1, value: 0, "aria-label": "Labelled" });
    this.title = el("strong", { class: "title" });
    this.notice = el("div", { class: "notice", role: "note", hidden: true });
    this.dialog = el("dialog", { onclick: (event) => event.target === this.dialog && this.dialog.close() });
    const bar = el("header", { class: "bar" }, this.title, this.count, this.meter, this.left, this.state,
      (this.tools = el("span", { class: "tools" }, button("Guideline", "g", () => this.guideline()), button("Help", "?", () => this.help()),
        button("Sign out", "", () => this.leave()))));
    this.desk = el("div", { class: "desk" }, bar, this.notice, this.banner, this.body, this.live, this.dialog);
    const sheet = el("link", { rel: "stylesheet", href: style, onload: () => this.desk.classList.add("styled") });
    root.append(sheet, this.desk);
  }

  listen() {
    const stop = (this.stop = new AbortController());
    document.addEventListener("keydown", (event) => { this.active(); this.key(event); }, { signal: stop.signal });
    for (const name of ["pointermove", "pointerdown", "wheel", "touchstart"])
      document.addEventListener(name, () => this.active(), { signal: stop.signal, passive: true });
    window.addEventListener("pagehide", () => this.post.keep(), { signal: stop.signal });
  }

  active() { this.lastActive = performance.now(); }

  close() {
    this.stop.abort();
    this.post.close();
  }

  // Whether a packet is to be read: Streamlit shows the last one again, e.g. when the theme changes.
  isNews(packet) {
    if (!packet || packet.id === this.seen) return false;
    this.seen = packet.id;
    if (packet.gone) this.warn(packet.gone);
    else if (packet.unreadable) this.post.drop(() => true); // kept by another version of this page: sending it again cannot help
    return !packet.gone;
  }

  // The last steps of reading a packet: what it says of faults, and the item that was waited for.
  conclude(packet) {
    if (packet.trouble) this.trouble(packet.trouble);
    else if (this.troubled && packet.acks?.every((ack) => ack.ok)) this.warn("");
    if (this.waitingFor && this.items.has(this.waitingFor)) this.show(this.waitingFor);
  }

  head(study) {
    this.title.textContent = study.title;
    this.notice.textContent = study.notice;
    this.notice.hidden = !study.notice;
  }

  // What an earlier page could not deliver is sent before anything is shown; says whether there was any.
  resend(isOurs) {
    if (!this.post.recover(isOurs)) return false;
    this.items.clear();
    this.study = undefined;
    this.status("Sending what was kept…", "busy");
    this.post.reopen();
    return true;
  }

  // Another page in the body; much enlarged the desk scrolls as a whole, and what is new is read from its beginning.
  put(...nodes) {
    this.body.replaceChildren(...nodes);
    this.desk.scrollTop = 0;
  }

  say(text) {
    this.live.textContent = "";
    this.live.textContent = text;
  }

  warn(text, ...actions) {
    this.troubled = false;
    this.banner.replaceChildren(...(text ? [el("span", { role: "alert" }, text), ...actions] : []));
    this.banner.hidden = !text;
  }

  // A fault that passes by itself: the sentence goes when something succeeds again.
  trouble(text) {
    this.warn(text, button("Try again", "", () => this.post.flush(true)));
    this.troubled = true;
  }

  status(text, kind = "") {
    this.state.textContent = text;
    this.state.className = `state ${kind}`;
  }

  // ---- dialogs and keys ----------------------------------------------------------------------------------

  open(...children) {
    this.dialog.replaceChildren(...children, el("div", { class: "act" }, button("Close", "Escape", () => this.dialog.close(), { autofocus: true })));
    this.dialog.showModal();
    this.dialog.scrollTop = 0; // the focus on Close, at the end, scrolled there
  }

  // The guideline in a dialog; `searching` puts the cursor into its search box.
  guideline(searching = false) {
    if (!this.study) return;
    const { node, input } = searchable(this.study);
    this.search = input;
    this.open(node);
    if (searching) input.focus();
  }

  help() {
    if (!this.study) return;
    const rows = this.keys().filter(([key]) => key).map(([key, name]) => el("tr", {}, el("td", {}, kbd(key)), el("td", {}, name)));
    this.open(el("h2", {}, "Keys"), el("p", {}, "Keys do nothing while you type; Escape leaves the field."), el("table", {}, ...rows));
  }

  async leave() {
    if (this.post.waiting.size && this.study) {
      this.post.flush(true);
      return this.status("Saving first; sign out again in a moment", "bad");
    }
    await fetch("/logout", { method: "POST", redirect: "manual" });
    location.replace("/");
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !this.study) return;
    const target = event.composedPath()[0];
    const isTyping = target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|INPUT|SELECT)$/.test(target.tagName));
    const action = this.dialog.open ? !isTyping && this.dialogAction(event.key)
      : isTyping ? this.typing(event.key, target)
        : event.key === "Enter" ? this.enter(event, target) : this.actionOf(event.key);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  dialogAction(key) {
    if ("g?".includes(key)) return () => this.dialog.close();
    return key === "/" && this.search?.isConnected ? () => this.search.focus() : undefined;
  }
}
