// The annotator's desk in the browser: questions, keyboard and outbox. Plain modules, no build step.

import { button, el, guidelineNodes, kbd, messageArticle, randomId, situation } from "./transcript.js";

const IDLE_MS = 60_000; // no key, pointer or scroll for so long: time does not count
const DRAFT_MS = 600;
const RESEND_MS = 4_000;
const FIRST_MESSAGES = 40; // made at once; the others follow while the browser is idle
const MESSAGES_A_STEP = 80;
const KEPT_ITEMS = 6;
const OUTBOX = "secondreader.outbox";
const CONFIDENCE = [[1, "Low", "l"], [2, "Medium", "m"], [3, "High", "h"]];
const desks = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  let desk = desks.get(parentElement);
  if (!desk) desks.set(parentElement, (desk = new Desk(parentElement, data.style)));
  desk.post = (letter) => setTriggerValue("letter", letter);
  desk.receive(data.packet);
  return () => desk.close();
}

class Desk {
  constructor(root, style) {
    this.items = new Map();
    this.outbox = new Map();
    this.awaited = new Set();
    this.number = 0;
    this.recovered = false;
    this.labelled = 0;
    this.page = "start";
    this.lastActive = this.lastTick = performance.now();
    this.live = el("div", { class: "live", role: "status", "aria-live": "polite" });
    this.body = el("div", { class: "body" });
    this.banner = el("div", { class: "banner", hidden: true });
    this.state = el("span", { class: "state" });
    this.count = el("span", { class: "count" });
    this.meter = el("progress", { max: 1, value: 0, "aria-label": "Labelled transcripts" });
    this.title = el("strong", { class: "title" });
    this.notice = el("div", { class: "notice", role: "note", hidden: true });
    this.dialog = el("dialog", { onclick: (event) => event.target === this.dialog && this.dialog.close() });
    const bar = el("header", { class: "bar" }, this.title, this.count, this.meter, this.state,
      el("span", { class: "tools" }, button("Guideline", "g", () => this.guideline()), button("Help", "?", () => this.help()),
        button("Sign out", "", () => this.leave())));
    this.desk = el("div", { class: "desk" }, bar, this.notice, this.banner, this.body, this.live, this.dialog);
    const sheet = el("link", { rel: "stylesheet", href: style, onload: () => this.desk.classList.add("styled") });
    root.append(sheet, this.desk);
    this.listen();
  }

  listen() {
    const stop = (this.stop = new AbortController());
    const active = () => { this.lastActive = performance.now(); };
    document.addEventListener("keydown", (event) => { active(); this.key(event); }, { signal: stop.signal });
    for (const name of ["pointermove", "pointerdown", "wheel", "touchstart"])
      document.addEventListener(name, active, { signal: stop.signal, passive: true });
    document.addEventListener("visibilitychange", () => this.tick(), { signal: stop.signal });
    window.addEventListener("pagehide", () => this.keepOutbox(), { signal: stop.signal });
    this.ticker = setInterval(() => this.tick(), 1_000);
  }

  close() {
    this.stop.abort();
    clearInterval(this.ticker);
    clearTimeout(this.resend);
    clearTimeout(this.draftTimer);
  }

  // A step of more than 2 s means that the machine slept: it does not count.
  tick() {
    const now = performance.now();
    const step = Math.min(now - this.lastTick, 2_000);
    this.lastTick = now;
    if (this.page === "label" && this.item && !this.wasHidden && now - this.lastActive < IDLE_MS) this.item.seconds += step / 1_000;
    this.wasHidden = document.visibilityState === "hidden";
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
    this.warn(text, button("Try again", "", () => this.flush(true)));
    this.troubled = true;
  }

  status(text, kind = "") {
    this.state.textContent = text;
    this.state.className = `state ${kind}`;
  }

  // ---- letters -------------------------------------------------------------------------------------------

  receive(packet) {
    if (!packet || packet.id === this.seen) return; // Streamlit shows the last packet again, e.g. when the theme changes
    this.seen = packet.id;
    if (packet.gone) return this.warn(packet.gone);
    if (packet.unreadable) this.outbox.clear(); // kept by another version of this page: sending it again cannot help
    for (const ack of packet.acks || []) this.acknowledged(ack);
    for (const item of packet.items || []) this.keep(item);
    if (packet.study) this.begin(packet);
    if (packet.trouble) this.trouble(packet.trouble);
    else if (this.troubled && packet.acks?.every((ack) => ack.ok)) this.warn("");
    if (this.waitingFor && this.items.has(this.waitingFor)) this.show(this.waitingFor);
    if (this.study && !this.outbox.size && !this.awaited.size) clearTimeout(this.resend);
    else if (this.study) this.later();
  }

  begin(packet) {
    const first = !this.study;
    this.study = packet.study;
    this.queue = packet.queue.map(([token]) => token);
    this.done = new Set(packet.queue.filter(([, done]) => done).map(([token]) => token));
    for (const operation of this.outbox.values()) if (operation.op === "submit") this.done.add(operation.token);
    this.title.textContent = packet.study.title;
    this.notice.textContent = packet.study.notice;
    this.notice.hidden = !packet.study.notice;
    if (!packet.study.open) this.warn("The study takes no labels now. Drafts are kept; ask the researcher.");
    this.progress();
    if (!first) return void this.flush();
    if (!this.recovered && this.recover()) return; // the answer to that letter begins again
    if (!this.queue.length) return this.message("There is nothing in your queue.", "Ask the researcher.");
    if (this.done.size) this.go(this.next(-1));
    else this.start();
  }

  // Answers that an earlier page could not deliver are sent before anything is shown.
  recover() {
    this.recovered = true;
    let kept = [];
    try { kept = JSON.parse(localStorage.getItem(OUTBOX) || "[]"); } catch { kept = []; }
    kept = Array.isArray(kept) ? kept.filter((one) => one && this.queue.includes(one.token)) : [];
    if (!kept.length) { this.forgetOutbox(); return false; }
    for (const operation of kept) this.outbox.set(operation.id, operation);
    this.items.clear();
    this.study = undefined;
    this.status("Sending what was kept…", "busy");
    this.flush(true, true);
    return true;
  }

  flush(force = false, begin = false) {
    clearTimeout(this.draftTimer);
    if (!this.outbox.size && !this.awaited.size && !force && !begin) return;
    this.keepOutbox();
    this.post({ number: ++this.number, operations: [...this.outbox.values()].slice(0, 200), wanted: [...this.awaited].slice(0, 4), begin });
    this.later(begin);
  }

  later(begin = false) {
    clearTimeout(this.resend);
    this.resend = setTimeout(() => {
      if (!this.outbox.size && !this.awaited.size && !begin) return;
      this.status("Not saved yet, trying again…", "bad");
      this.flush(true, begin);
    }, RESEND_MS);
  }

  keepOutbox() {
    try {
      if (this.outbox.size) localStorage.setItem(OUTBOX, JSON.stringify([...this.outbox.values()]));
      else if (this.recovered) localStorage.removeItem(OUTBOX);
    } catch { /* a full or forbidden store: the outbox lives in memory then */ }
  }

  forgetOutbox() {
    try { localStorage.removeItem(OUTBOX); } catch { /* forbidden store */ }
  }

  acknowledged(ack) {
    const operation = this.outbox.get(ack.id);
    if (!operation) return;
    if (!ack.ok && ack.why === "again") {
      this.trouble(ack.say);
      return;
    }
    this.outbox.delete(ack.id);
    this.keepOutbox();
    const item = this.items.get(operation.token);
    if (ack.ok && operation.op === "draft") this.status("Draft saved");
    else if (ack.ok) this.saved(operation, item, ack.revision);
    else this.notSaved(operation, item, ack);
  }

  saved(operation, item, revision) {
    this.labelled += 1;
    if (item) Object.assign(item, { revision, submitId: randomId(), seconds: 0 });
    this.status("Saved", "good");
    this.say("Saved.");
    if (this.study?.pause && this.labelled % this.study.pause === 0 && this.page === "label")
      this.warn(`${this.labelled} labels in this sitting. A short pause helps; go on whenever you like.`,
        button("Go on", "", () => this.warn("")));
  }

  // Back to that transcript, with the answers still there.
  notSaved(operation, item, ack) {
    if (operation.op === "draft") return void this.status(ack.say, "bad");
    this.done?.delete(operation.token);
    this.progress();
    this.status("Not saved", "bad");
    const reload = button("Load the saved answer", "", () => { this.items.delete(operation.token); this.warn(""); this.go(operation.token); });
    this.warn(ack.say, ack.why === "conflict" ? reload : "");
    if (!item) return;
    item.submitId = randomId();
    if (this.item !== item) this.show(operation.token);
    if (ack.why === "closed") this.changed();
  }

  keep(packet) {
    this.awaited.delete(packet.token);
    if (this.items.has(packet.token)) return; // what the person sees and has begun to answer stays
    const said = packet.draft || packet;
    this.items.set(packet.token, {
      token: packet.token, content: packet.content, revision: packet.revision, submitId: randomId(),
      answers: { ...said.answers }, evidence: new Set(said.evidence), confidence: said.confidence ?? null,
      note: said.note || "", seconds: packet.draft?.active_seconds || 0,
    });
    for (const token of this.items.keys()) {
      if (this.items.size <= KEPT_ITEMS) break;
      if (token !== this.item?.token && token !== this.waitingFor && token !== packet.token) this.items.delete(token);
    }
  }

  reading(item) {
    return {
      answers: this.askedAnswers(item), evidence: [...item.evidence].sort((a, b) => a - b), confidence: item.confidence,
      note: item.note, active_seconds: Math.round(item.seconds * 10) / 10, revision: item.revision,
    };
  }

  changed() {
    for (const [id, one] of this.outbox) if (one.op === "draft" && one.token === this.item.token) this.outbox.delete(id);
    const id = randomId();
    this.outbox.set(id, { id, op: "draft", token: this.item.token, reading: this.reading(this.item) });
    this.keepOutbox();
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.flush(), DRAFT_MS);
  }

  // ---- pages ---------------------------------------------------------------------------------------------

  start() {
    this.page = "start";
    const begin = button("Start reading", "Enter", () => this.go(this.next(-1)), { class: "primary" });
    this.body.replaceChildren(el("main", { class: "sheet guideline" }, ...guidelineNodes(this.study.guideline),
      el("div", { class: "act" }, begin)));
    begin.focus();
  }

  message(title, text) {
    this.page = "done";
    this.item = undefined;
    const heading = el("h1", { tabindex: "-1" }, title);
    const back = this.queue.length ? button("Back to the last one", "u", () => this.back()) : "";
    this.body.replaceChildren(el("main", { class: "sheet" }, heading, el("p", {}, text), el("div", { class: "act" }, back)));
    heading.focus();
    this.say(`${title} ${text}`);
  }

  progress() {
    const total = this.queue.length;
    this.count.textContent = `${this.done.size} of ${total} labelled`;
    this.meter.max = Math.max(total, 1);
    this.meter.value = this.done.size;
  }

  next(index) {
    const order = [...this.queue.slice(index + 1), ...this.queue.slice(0, Math.max(index, 0))];
    return order.find((token) => !this.done.has(token));
  }

  go(token) {
    if (token === undefined) {
      const open = this.item && !this.done.has(this.item.token);
      return open ? this.say("This is the last open one.") : this.message("All transcripts are labelled.", "Thank you. You can still go back and correct an answer.");
    }
    if (this.items.has(token)) return this.show(token);
    this.waitingFor = token;
    this.awaited.add(token);
    this.status("Loading…", "busy");
    this.flush(true);
  }

  show(token) {
    if (this.page === "label") this.tick();
    this.waitingFor = undefined;
    this.page = "label";
    this.item = this.items.get(token);
    const index = this.queue.indexOf(token);
    this.cursor = -1;
    const heading = el("h1", { tabindex: "-1" }, `Transcript ${index + 1} of ${this.queue.length}`);
    this.log = el("div", { class: "log" });
    const first = this.item.content.messages.slice(0, FIRST_MESSAGES).map((message, at) => this.article(message, at));
    this.log.append(...first);
    this.scroll = el("main", { class: "scroll", tabindex: "0", "aria-label": "Transcript", onscroll: () => { this.lastActive = performance.now(); } },
      el("div", { class: "column" }, heading, ...situation(this.item.content), el("h2", {}, `Conversation (${this.item.content.messages.length} messages)`), this.log));
    this.panel = el("aside", { class: "panel", "aria-label": "Questions" });
    this.body.replaceChildren(this.scroll, this.panel);
    this.questions();
    heading.focus({ preventScroll: true });
    this.fill();
    this.prefetch(index);
    this.say(`Transcript ${index + 1} of ${this.queue.length}.${this.item.revision ? " Your earlier answer is shown." : ""}`);
  }

  fill() {
    const item = this.item;
    const step = () => {
      if (this.item !== item || this.log.childElementCount >= item.content.messages.length) return;
      this.upTo(this.log.childElementCount + MESSAGES_A_STEP);
      setTimeout(step, 16);
    };
    setTimeout(step, 50);
  }

  upTo(count) {
    const from = this.log.childElementCount;
    const more = this.item.content.messages.slice(from, count).map((message, at) => this.article(message, from + at));
    this.log.append(...more);
  }

  prefetch(index) {
    const next = [...this.queue.slice(index + 1), ...this.queue.slice(0, index)].find((token) => !this.done.has(token));
    if (next === undefined || this.items.has(next)) return;
    this.awaited.add(next);
    this.flush(true);
  }

  article(message, index) {
    const marked = this.item.evidence.has(index);
    const mark = button(marked ? "Evidence" : "Mark", "", () => this.mark(index), { class: "mark", "aria-pressed": String(marked),
      "aria-label": `Message ${index + 1} as evidence` });
    return messageArticle(message, index, { marked, mark, onclick: () => this.moveTo(index, false) });
  }

  // ---- questions -----------------------------------------------------------------------------------------

  asked(item) {
    return this.study.questions.filter((question) =>
      Object.entries(question.asked_when).every(([other, wanted]) => wanted.includes(item.answers[other])));
  }

  askedAnswers(item) {
    return Object.fromEntries(this.asked(item).filter((question) => item.answers[question.id] !== undefined)
      .map((question) => [question.id, item.answers[question.id]]));
  }

  missing() {
    return this.asked(this.item).find((question) => !question.optional && this.item.answers[question.id] === undefined);
  }

  questions() {
    const item = this.item;
    const groups = this.asked(item).map((question) => this.group(question));
    const confidence = el("div", { class: "row", role: "group", "aria-label": "Confidence" }, el("span", { class: "rowname" }, "Confidence"),
      ...CONFIDENCE.map(([value, text, key]) => button(text, key, () => this.confide(value), { "aria-pressed": String(item.confidence === value), "data-confidence": value })));
    const note = el("textarea", { rows: "2", maxlength: "10000", "aria-label": "Note", placeholder: "Note (optional, key n)",
      oninput: (event) => { item.note = event.target.value; this.changed(); } });
    note.value = item.note;
    this.note = note;
    const old = this.panel.querySelector("details.extras");
    const wide = matchMedia("(min-width: 861px)").matches;
    const extras = el("details", { class: "extras", open: old ? old.open : wide || Boolean(item.note) },
      el("summary", {}, "Confidence, evidence, note"), confidence, this.evidenceRow(), note);
    const act = el("div", { class: "act" }, button("Back", "u", () => this.back()), button("Later", "d", () => this.defer()),
      button(item.revision ? "Save correction" : "Submit", "Enter", () => this.submit(), { class: "primary", disabled: !this.study.open }));
    this.panel.replaceChildren(...groups, extras, act);
  }

  group(question) {
    const id = `q-${question.id}`;
    const answers = question.answers.map((answer) => button(answer.label, question.keys[answer.value],
      () => this.answer(question, answer.value), { "aria-pressed": String(this.item.answers[question.id] === answer.value),
        "data-question": question.id, "data-value": answer.value }));
    return el("section", { class: "question" }, el("h3", { id }, question.text, question.optional ? el("span", { class: "quiet" }, " optional") : ""),
      question.definition ? el("details", { class: "definition" }, el("summary", {}, "Definition"), el("p", {}, question.definition)) : "",
      el("div", { class: "row answers", role: "group", "aria-labelledby": id }, ...answers));
  }

  evidenceRow() {
    const count = this.item.evidence.size;
    const list = [...this.item.evidence].sort((a, b) => a - b).slice(0, 12).map((index) =>
      button(`#${index + 1}`, "", () => this.moveTo(index, true), { class: "jump", "aria-label": `Go to message ${index + 1}` }));
    return el("div", { class: "row evidence", role: "group", "aria-label": "Evidence" }, el("span", { class: "rowname" }, "Evidence"),
      ...(count ? list : [el("span", { class: "quiet" }, "j k move, e marks a message")]));
  }

  answer(question, value) {
    const before = this.asked(this.item).length;
    if (this.item.answers[question.id] === value && question.optional) delete this.item.answers[question.id];
    else this.item.answers[question.id] = value;
    if (this.asked(this.item).length !== before) this.questions();
    for (const one of this.panel.querySelectorAll(`[data-question="${CSS.escape(question.id)}"]`))
      one.setAttribute("aria-pressed", String(this.item.answers[question.id] === one.dataset.value));
    this.say(`${question.text} ${question.answers.find((one) => one.value === value).label}`);
    this.changed();
  }

  confide(value) {
    this.item.confidence = this.item.confidence === value ? null : value;
    for (const one of this.panel.querySelectorAll("[data-confidence]"))
      one.setAttribute("aria-pressed", String(Number(one.dataset.confidence) === this.item.confidence));
    this.say(this.item.confidence ? `Confidence ${CONFIDENCE[value - 1][1]}.` : "No confidence given.");
    this.changed();
  }

  mark(index) {
    if (index < 0) return this.say("Move to a message with j or k first.");
    const isOn = !this.item.evidence.delete(index);
    if (isOn) this.item.evidence.add(index);
    const node = this.log.children[index];
    node.classList.toggle("marked", isOn);
    const mark = node.querySelector(".mark");
    mark.setAttribute("aria-pressed", String(isOn));
    mark.firstChild.data = isOn ? "Evidence" : "Mark";
    this.panel.querySelector(".evidence").replaceWith(this.evidenceRow());
    this.say(`Message ${index + 1} ${isOn ? "marked" : "not marked"}.`);
    this.changed();
  }

  moveTo(index, scroll = true) {
    const at = Math.max(0, Math.min(index, this.item.content.messages.length - 1));
    this.upTo(at + 1);
    this.log.children[this.cursor]?.classList.remove("cursor");
    this.cursor = at;
    const node = this.log.children[at];
    node.classList.add("cursor");
    if (!scroll) return;
    node.scrollIntoView({ block: node.offsetHeight > this.scroll.clientHeight ? "start" : "nearest" });
    node.focus({ preventScroll: true });
  }

  submit() {
    const item = this.item;
    if (!item || !this.study.open) return;
    const missing = this.missing();
    if (missing) {
      this.say(`Answer first: ${missing.text}`);
      this.status("Answer every question first", "bad");
      const section = this.panel.querySelector(`[data-question="${CSS.escape(missing.id)}"]`)?.closest("section");
      section?.classList.add("missing");
      return;
    }
    for (const [id, one] of this.outbox) {
      if (one.token !== item.token) continue;
      if (one.op === "submit") return this.say("Still saving this one.");
      this.outbox.delete(id);
    }
    this.tick();
    this.outbox.set(item.submitId, { id: item.submitId, op: "submit", token: item.token, reading: this.reading(item) });
    this.done.add(item.token);
    this.progress();
    this.warn("");
    this.status("Saving…", "busy");
    const posted = this.number;
    this.go(this.next(this.queue.indexOf(item.token)));
    if (this.number === posted) this.flush();
  }

  defer() {
    this.go(this.next(this.queue.indexOf(this.item.token)));
  }

  back() {
    const index = this.item ? this.queue.indexOf(this.item.token) : this.queue.length;
    if (index > 0) this.go(this.queue[index - 1]);
    else this.say("This is the first one.");
  }

  // ---- dialogs and keys ----------------------------------------------------------------------------------

  open(...children) {
    this.dialog.replaceChildren(...children, el("div", { class: "act" }, button("Close", "Escape", () => this.dialog.close(), { autofocus: true })));
    this.dialog.showModal();
    this.dialog.scrollTop = 0; // the focus on Close, at the end, scrolled there
  }

  guideline() {
    if (this.study) this.open(el("div", { class: "guideline" }, ...guidelineNodes(this.study.guideline)));
  }

  help() {
    if (!this.study) return;
    const answers = this.study.questions.flatMap((question) => question.answers.map((answer) =>
      [question.keys[answer.value], `${question.text} ${answer.label}`]));
    const actions = Object.entries(this.study.actions).map(([name, key]) => [key, name]);
    const rows = [...answers, ...actions].filter(([key]) => key).map(([key, name]) => el("tr", {}, el("td", {}, kbd(key)), el("td", {}, name)));
    this.open(el("h2", {}, "Keys"), el("p", {}, "Keys do nothing while you type in the note; Escape leaves it."), el("table", {}, ...rows));
  }

  async leave() {
    if (this.outbox.size && this.study) { this.flush(true); return this.status("Saving first; sign out again in a moment", "bad"); }
    await fetch("/logout", { method: "POST", redirect: "manual" });
    location.replace("/");
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !this.study) return;
    const target = event.composedPath()[0];
    if (this.dialog.open) {
      if ("g?".includes(event.key)) { event.preventDefault(); this.dialog.close(); }
      return;
    }
    if (target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|INPUT|SELECT)$/.test(target.tagName))) {
      if (event.key === "Escape") { target.blur(); this.scroll?.focus(); }
      return;
    }
    const action = event.key === "Enter" ? this.enter(event, target) : this.actionOf(event.key);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  // Enter on a control that was reached by Tab presses it; everywhere else, and on the chosen answer, it submits.
  enter(event, target) {
    if (event.repeat) return () => {};
    const control = target instanceof HTMLElement && target.closest("button, summary, a");
    if (control && control.getAttribute("aria-pressed") !== "true") return undefined;
    if (this.page === "start") return () => this.go(this.next(-1));
    return this.page === "label" ? () => this.submit() : undefined;
  }

  actionOf(key) {
    const general = { g: () => this.guideline(), "?": () => this.help() }[key];
    if (general) return general;
    if (key === "u" && this.page !== "start") return () => this.back();
    if (this.page !== "label") return undefined;
    for (const question of this.asked(this.item))
      for (const answer of question.answers) if (question.keys[answer.value] === key) return () => this.answer(question, answer.value);
    const level = CONFIDENCE.find(([, , own]) => own === key);
    if (level) return () => this.confide(level[0]);
    return {
      j: () => this.moveTo(this.cursor + 1), k: () => this.moveTo(this.cursor - 1), e: () => this.mark(this.cursor), d: () => this.defer(),
      n: () => { this.panel.querySelector("details.extras").open = true; this.note.focus(); },
      o: () => this.log.children[this.cursor]?.querySelector("[data-fold]")?.click(),
    }[key];
  }
}
