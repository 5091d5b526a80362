// The adjudicator's page: the list, one transcript after the other, and what is said about saving.

import { Drafts } from "./drafts.js";
import { Post } from "./letters.js";
import { Reader } from "./reader.js";
import { Shell, mounting } from "./shell.js";
import { SplitPanel, isNew } from "./splits.js";
import { button, el, randomId } from "./transcript.js";

const KEPT_ITEMS = 6;
const STATES = { open: "to settle", settled: "settled", changed: "answers changed since" };

class Adjudication extends Shell {
  constructor(root, style) {
    super(root, style);
    root.append(el("link", { rel: "stylesheet", href: new URL("./adjudication.css", import.meta.url).href }));
    this.meter.setAttribute("aria-label", "Settled");
    this.tools.prepend(button("List", "l", () => this.list()));
    this.post = new Post("secondreader.adjudications", () => this.status("Not saved yet, trying again…", "bad"));
    this.drafts = new Drafts("secondreader.adjudication.drafts");
    this.items = new Map();
    this.places = new Map(); // token -> state, in the person's own order
    this.page = "list";
  }

  // ---- letters -------------------------------------------------------------------------------------------

  receive(packet) {
    if (!this.isNews(packet)) return;
    for (const ack of packet.acks || []) this.acknowledged(ack);
    for (const item of packet.items || []) this.keep(item);
    if (packet.study) this.opened(packet);
    if (packet.missing) this.lost(packet.missing, packet.say);
    this.conclude(packet);
    this.post.watch();
  }

  opened(packet) {
    const asked = !this.study || this.post.begin;
    this.post.begin = false;
    this.study = packet.study;
    this.head(packet.study);
    this.places = new Map(packet.queue);
    for (const one of this.post.waiting.values()) this.places.set(one.token, "settled");
    if (!packet.study.open) this.warn("The study is paused: nothing can be settled now. What you begin stays in this browser.");
    this.progress();
    if (!this.post.owns && this.resend((one) => this.places.has(one.token))) return; // the answer to that letter opens again
    if (asked && this.page === "list") this.list();
  }

  keep(packet) {
    this.post.awaited.delete(packet.token);
    const questions = packet.questions.map((one) => {
      const saved = one.decision;
      const form = this.drafts.of(packet.token, one.id, one.revision) ?? { answer: saved?.answer ?? undefined, kind: saved?.kind, reason: saved?.reason ?? "" };
      return { id: one.id, given: one.given, revision: one.revision, saved, changed: Boolean(one.changed), form, submitId: randomId() };
    });
    const { token, content, notes, contested, version } = packet;
    const held = this.items.get(token);
    if (held && this.item === held && this.page === "settle" && held.version === version) return; // it is being written on
    this.items.set(token, { token, content, notes, contested, version, questions, evidence: new Set(packet.evidence) });
    for (const old of this.items.keys()) {
      if (this.items.size <= KEPT_ITEMS) break;
      if (old !== this.item?.token && old !== this.waitingFor && old !== token) this.items.delete(old);
    }
  }

  acknowledged(ack) {
    const operation = this.post.waiting.get(ack.id);
    if (!operation) return;
    if (!ack.ok && ack.why === "again") return this.trouble(ack.say);
    this.post.settle(ack.id);
    if (ack.ok) this.saved(operation, ack.revision);
    else this.notSaved(operation, ack);
  }

  saved(operation, revision) {
    const { token, decision } = operation;
    this.drafts.drop(token, decision.question);
    const one = this.items.get(token)?.questions.find((question) => question.id === decision.question);
    if (one) {
      const saved = { answer: decision.answer, kind: decision.kind, reason: decision.reason };
      Object.assign(one, { revision, submitId: randomId(), changed: false, saved });
    }
    if (this.post.waiting.size) return;
    this.status("Saved", "good");
    this.say("Saved.");
  }

  // Back to that transcript, with what was written still there.
  notSaved({ token }, ack) {
    this.places.set(token, "open");
    this.progress();
    this.status("Not saved", "bad");
    const reload = button("Look at it again", "", () => { this.warn(""); this.fetch(token); });
    this.warn(ack.say, ["conflict", "unknown"].includes(ack.why) ? reload : "");
    const item = this.items.get(token);
    for (const one of item?.questions ?? []) one.submitId = randomId();
    if (item && this.item !== item) this.show(token);
  }

  lost(tokens, say) {
    for (const token of tokens) {
      this.post.awaited.delete(token);
      this.places.delete(token);
      this.items.delete(token);
    }
    this.progress();
    this.warn(say, button("Go on", "", () => this.warn("")));
    if (tokens.includes(this.waitingFor) || tokens.includes(this.item?.token)) this.list();
  }

  changed() {
    const { item } = this;
    const kept = item.questions.map((one) => isNew(one)
      ? this.drafts.keep(item.token, one.id, one.revision, one.form) : this.drafts.drop(item.token, one.id) ?? true);
    if (kept.every(Boolean)) this.status("Draft kept in this browser");
    else this.status("This browser keeps no drafts; save before you leave", "bad");
  }

  // ---- pages ---------------------------------------------------------------------------------------------

  get word() { return this.study.unit === "scenario" ? "Scenario" : "Transcript"; }

  get tokens() { return [...this.places.keys()]; }

  progress() {
    const done = [...this.places.values()].filter((state) => state === "settled").length;
    this.count.textContent = `${done} of ${this.places.size} settled`;
    this.meter.max = Math.max(this.places.size, 1);
    this.meter.value = done;
  }

  list() {
    if (!this.study) return;
    this.page = "list";
    this.item = this.waitingFor = undefined;
    const open = this.next(-1);
    const heading = el("h1", { tabindex: "-1" }, !this.places.size ? "There is nothing to settle yet." : open === undefined ? "Everything is settled." : `${this.word}s to settle`);
    const again = button("Look again", "", () => this.post.reopen(), { class: open === undefined ? "primary" : "" });
    const begin = open === undefined ? "" : button("Go on", "Enter", () => this.go(open), { class: "primary" });
    const rows = [...this.places].map(([token, state], at) => el("li", {}, button(`${this.word} ${at + 1}`, "", () => this.go(token)),
      el("span", { class: `chip ${state}` }, STATES[state])));
    this.put(el("section", { class: "sheet" }, heading, ...this.introduction(), rows.length ? el("ol", { class: "places" }, ...rows) : "",
      el("div", { class: "act" }, begin, again)));
    heading.focus();
    this.say(`${heading.textContent} ${this.count.textContent}.`);
  }

  introduction() {
    return ["Here readers gave different answers, or one of them marked the case as contested. You see their answers, notes and marks once each, "
      + "in random order, and never whose they are. What an automatic judge says is not shown to you, as it was not shown to them.",
    "For each question choose the better answer and say why readers parted, or leave it contested: then the split itself is the finding. "
      + "A reason is always needed. You can come back and correct a decision at any time."].map((text) => el("p", {}, text));
  }

  next(index) {
    const { tokens } = this;
    const order = [...tokens.slice(index + 1), ...tokens.slice(0, Math.max(index, 0))];
    return order.find((token) => this.places.get(token) !== "settled");
  }

  go(token) {
    if (token === undefined) {
      const isOpen = this.page === "settle" && this.places.get(this.item.token) !== "settled";
      return isOpen ? this.say("This is the last one that is open.") : this.list();
    }
    if (this.items.has(token)) return this.show(token);
    this.waitingFor = token;
    this.post.awaited.add(token);
    this.status("Loading…", "busy");
    this.post.flush(true);
  }

  fetch(token) {
    this.items.delete(token);
    this.go(token);
  }

  show(token) {
    this.waitingFor = undefined;
    this.page = "settle";
    const item = (this.item = this.items.get(token));
    const index = this.tokens.indexOf(token);
    const title = `${this.word} ${index + 1} of ${this.places.size}`;
    this.reader = new Reader(item, title, { isScenario: this.study.unit === "scenario" });
    this.panel = new SplitPanel(this.study, item, { changed: () => this.changed(), say: (text) => this.say(text), save: () => this.save(),
      back: () => this.back(), later: () => this.go(this.next(index)), moveTo: (at) => this.reader.moveTo(at) });
    this.put(this.reader.node, this.panel.node);
    this.reader.heading.focus({ preventScroll: true });
    this.prefetch(index);
    if (this.state.textContent === "Loading…") this.status("");
    const n = item.questions.length;
    this.say(`${title}. ${n} ${n === 1 ? "question" : "questions"} to settle.`);
  }

  prefetch(index) {
    const next = this.next(index);
    if (next === undefined || this.items.has(next)) return;
    this.post.awaited.add(next);
    this.post.flush(true);
  }

  save() {
    const { item } = this;
    if (!this.study.open) return this.say("The study is paused.");
    for (const one of this.post.waiting.values()) if (one.token === item.token) return this.say("Still saving this one.");
    const missing = this.panel.missing();
    if (missing) {
      this.say(`${missing.text} Still to do: ${missing.lacks}.`);
      return this.status(missing.lacks[0].toUpperCase() + missing.lacks.slice(1), "bad");
    }
    const fresh = item.questions.filter(isNew);
    for (const one of fresh) this.post.put({ id: one.submitId, op: "decide", token: item.token, decision: { question: one.id,
      answer: one.form.answer ?? null, kind: one.form.kind, reason: one.form.reason.trim(), revision: one.revision, version: item.version } });
    this.places.set(item.token, "settled");
    this.progress();
    this.warn("");
    if (fresh.length) this.status("Saving…", "busy");
    const posted = this.post.number;
    this.go(this.next(this.tokens.indexOf(item.token)));
    if (this.post.number === posted) this.post.flush();
  }

  back() {
    const { tokens } = this;
    const index = this.item ? tokens.indexOf(this.item.token) : tokens.length;
    if (index > 0) this.go(tokens[index - 1]);
    else this.say("This is the first one.");
  }

  // ---- keys ----------------------------------------------------------------------------------------------

  keys() {
    const answers = this.study.questions.flatMap((question) => question.answers.map((answer) =>
      [question.keys[answer.value], `${question.text} ${answer.label}`]));
    const kinds = this.study.kinds.map((kind) => [kind.key, `${kind.label}: ${kind.meaning}`]);
    return [...answers, ...kinds, ...Object.entries(this.study.actions).map(([name, key]) => [key, name])];
  }

  // Control and Enter saves from within a reason too.
  key(event) {
    const isSave = (event.ctrlKey || event.metaKey) && event.key === "Enter" && !event.repeat;
    if (!isSave || this.page !== "settle" || this.dialog.open) return super.key(event);
    event.preventDefault();
    this.save();
  }

  typing(key, target) {
    return key === "Escape" ? () => { target.blur(); this.reader?.focus(); } : undefined;
  }

  // Enter on a control that was reached by Tab presses it; everywhere else, and on what is chosen, it saves.
  enter(event, target) {
    if (event.repeat) return () => {};
    const control = target instanceof HTMLElement && target.closest("button, summary, a");
    if (control && control.getAttribute("aria-pressed") !== "true") return undefined;
    if (this.page === "settle") return () => this.save();
    const main = this.body.querySelector("button.primary");
    return main ? () => main.click() : undefined;
  }

  actionOf(key) {
    const general = { g: () => this.guideline(), "/": () => this.guideline(true), "?": () => this.help(), l: () => this.list(), u: () => this.back() }[key];
    if (general) return general;
    if (this.page !== "settle") return undefined;
    const reading = { j: () => this.reader.moveTo(this.reader.cursor + 1), k: () => this.reader.moveTo(this.reader.cursor - 1),
      o: () => this.reader.unfold(), d: () => this.go(this.next(this.tokens.indexOf(this.item.token))) }[key];
    return reading || this.panel.actionOf(key);
  }
}

export default mounting(Adjudication);
