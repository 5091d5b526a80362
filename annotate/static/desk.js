// The annotator's desk in the browser: pages, navigation, keyboard and what is said about saving. Plain modules, no build step.

import { GuessPanel } from "./guesses.js";
import { itemOf, paceText, readingOf } from "./items.js";
import { Post } from "./letters.js";
import { Panel } from "./panel.js";
import { FeedbackPanel, introduction, otherReaders, result } from "./practice.js";
import { Reader } from "./reader.js";
import { Shell, mounting } from "./shell.js";
import { button, el, guidelineNodes, randomId } from "./transcript.js";

const IDLE_MS = 60_000; // no key, pointer or scroll for so long: time does not count
const KEPT_ITEMS = 6;

class Desk extends Shell {
  constructor(root, style) {
    super(root, style);
    this.items = new Map();
    this.post = new Post("secondreader.outbox", () => this.status("Not saved yet, trying again…", "bad"));
    this.guesses = [];
    this.seconds = []; // active seconds of the latest labels, newest first
    this.labelled = 0;
    this.page = "start";
    this.lastTick = performance.now();
    this.talk = button("Calibration", "", () => this.post.reopen(this.stage.name === "discussion" ? "main" : "discussion"), { hidden: true });
    this.tools.prepend(this.talk);
    document.addEventListener("visibilitychange", () => this.tick(), { signal: this.stop.signal });
    this.ticker = setInterval(() => this.tick(), 1_000);
  }

  close() {
    super.close();
    clearInterval(this.ticker);
  }

  // A step of more than 2 s means that the machine slept: it does not count.
  tick() {
    const now = performance.now();
    const step = Math.min(now - this.lastTick, 2_000);
    this.lastTick = now;
    if (this.page === "label" && this.item && !this.wasHidden && now - this.lastActive < IDLE_MS) this.item.seconds += step / 1_000;
    this.wasHidden = document.visibilityState === "hidden";
  }

  // ---- letters -------------------------------------------------------------------------------------------

  receive(packet) {
    if (!this.isNews(packet)) return;
    for (const ack of packet.acks || []) this.acknowledged(ack);
    if (packet.stage && this.stage && packet.stage.name !== this.stage.name) this.items.clear(); // there they show more, or less
    for (const item of packet.items || []) this.keep(item);
    if (packet.study) this.opened(packet);
    if (packet.more) this.grow(packet.more);
    this.conclude(packet);
    if (this.finishing && !this.post.waiting.size && !this.post.begin) this.post.reopen();
    this.post.watch();
  }

  opened(packet) {
    const before = this.study && this.stage;
    const asked = !this.study || this.post.begin;
    this.post.begin = false;
    this.post.stage = "";
    for (const name of ["study", "stage", "guesses", "seconds"]) this[name] = packet[name];
    this.queue = packet.queue.map(([token]) => token);
    this.done = new Set(packet.queue.filter(([, done]) => done).map(([token]) => token));
    for (const one of this.post.waiting.values()) if (one.op === "submit") this.done.add(one.token);
    this.head(packet.study);
    this.talk.hidden = !this.stage.has_discussion;
    this.talk.firstChild.data = this.stage.name === "discussion" ? "Main queue" : "Calibration";
    this.desk.classList.toggle("practice", this.stage.name === "qualification");
    if (!packet.study.open) this.warn("The study takes no labels now. Drafts are kept; ask the researcher.");
    this.progress();
    if (!asked && before.name === this.stage.name) return this.post.flush();
    if (!this.post.owns && this.resend((one) => this.study.shared || this.queue.includes(one.token))) return; // the answer to that letter opens again
    this.arrive(before, packet.result);
  }

  // In a shared queue the server hands out places a few at a time.
  grow(tokens) {
    if (this.stage?.name !== "main") return;
    this.queue.push(...tokens.filter((token) => !this.queue.includes(token)));
    if (this.page === "label") this.prefetch(this.queue.indexOf(this.item.token));
  }

  acknowledged(ack) {
    const operation = this.post.waiting.get(ack.id);
    if (!operation) return;
    if (!ack.ok && ack.why === "again") return this.trouble(ack.say);
    this.post.settle(ack.id);
    const item = this.items.get(operation.token);
    if (ack.why === "unknown" && !item) this.post.putAside(operation); // left by somebody else in this browser
    else if (!ack.ok) this.notSaved(operation, item, ack);
    else if (operation.op === "submit") this.saved(operation, item, ack.revision);
    else if (operation.op === "draft") this.status("Draft saved");
    else if (operation.op === "guess") this.told();
  }

  // Nothing is called saved while something that was sent before or after it is not.
  told() {
    const isUnderWay = [...this.post.waiting.values()].some((one) => one.op === "submit" || one.op === "guess");
    if (!isUnderWay) this.status("Saved", "good");
    return !isUnderWay;
  }

  saved(operation, item, revision) {
    this.labelled += 1;
    this.seconds = [operation.reading.active_seconds, ...(this.seconds ?? [])].slice(0, 20);
    if (item) Object.assign(item, { revision, submitId: randomId(), seconds: 0, withheld: false, fixed: {}, changed: false });
    if (this.told()) this.say("Saved.");
    if (this.study) this.progress();
    if (this.study && this.stage.name === "qualification") return this.fetch(operation.token); // it comes back with feedback
    if (this.study?.pause && this.labelled % this.study.pause === 0 && this.page === "label")
      this.warn(`${this.labelled} labels in this sitting. A short pause helps; go on whenever you like.`,
        button("Go on", "", () => this.warn("")));
  }

  // Back to that item, with the answers still there.
  notSaved(operation, item, ack) {
    if (operation.op !== "submit") {
      if (item?.asking) this.refused(item);
      return this.status(ack.say, "bad");
    }
    this.done?.delete(operation.token);
    this.finishing = false;
    this.waitingFor = undefined; // what was to come next does not come now
    this.progress();
    this.status("Not saved", "bad");
    const reload = button("Load the saved answer", "", () => { this.warn(""); this.fetch(operation.token); });
    const on = button("Go on", "", () => { this.warn(""); this.post.reopen(); });
    this.warn(ack.say, { conflict: reload, later: on, taken: on }[ack.why] ?? "");
    if (!item) return;
    item.submitId = randomId();
    if (this.item !== item) this.show(operation.token);
    this.page = "label";
    if (ack.why === "closed") this.changed();
  }

  // The reasoning did not come: the button may be pressed again.
  refused(item) {
    item.asking = false;
    this.post.awaited.delete(item.token);
    if (this.item === item && this.page === "label") this.panel.render();
  }

  keep(packet) {
    this.post.awaited.delete(packet.token);
    const held = this.items.get(packet.token);
    if (held) return void (held.withheld && !packet.withheld && this.reveal(held, packet)); // what the person has begun stays
    this.items.set(packet.token, itemOf(packet));
    for (const token of this.items.keys()) {
      if (this.items.size <= KEPT_ITEMS) break;
      if (token !== this.item?.token && token !== this.waitingFor && token !== packet.token) this.items.delete(token);
    }
  }

  // The reasoning has come: it is put where it belongs, and the answer before it stands.
  reveal(item, packet) {
    Object.assign(item, { content: packet.content, withheld: false, asking: false, fixed: packet.fixed });
    Object.assign(item.answers, packet.fixed);
    if (this.item !== item || this.page !== "label") return;
    this.reader.refresh();
    this.panel.render();
    const n = item.content.messages.filter((message) => message.reasoning).length;
    const text = n ? `The reasoning is shown, in ${n} ${n === 1 ? "message" : "messages"}.` : "There is no visible reasoning.";
    this.status(text);
    this.say(text);
  }

  changed() {
    const { item } = this;
    item.changed = true;
    this.post.drop((one) => one.op === "draft" && one.token === item.token);
    this.post.put({ id: randomId(), op: "draft", token: item.token, reading: readingOf(this.study, item) });
    if (this.state.textContent === "Draft saved") this.status(""); // that was the draft before this change
    this.post.soon();
  }

  // ---- pages ---------------------------------------------------------------------------------------------

  get word() { return this.study.unit === "scenario" ? "Scenario" : "Transcript"; }

  // Where a fresh opening leads: what comes first in this part of the study.
  arrive(before, outcome) {
    this.finishing = false;
    const { name, round } = this.stage;
    const isOver = before?.name === "qualification" && (name !== "qualification" || before.round !== round);
    if (outcome && (name === "failed" || isOver)) {
      const again = name === "failed" ? "" : button("Go on", "Enter", () => this.arrive(), { class: "primary" });
      return this.sheet(...result(outcome), again);
    }
    if (name === "waiting") return this.sheet(`You have read all calibration ${this.word.toLowerCase()}s.`,
      "As soon as everybody has, the researcher opens the discussion; then come back here.",
      button("Look again", "Enter", () => this.post.reopen(), { class: "primary" }), this.backButton());
    if (name === "discussion") return this.go(this.queue[0]);
    if (!this.queue.length) return this.sheet("There is nothing in your queue.", "Ask the researcher.");
    const open = this.next(-1);
    if (open !== undefined) return this.done.size || (this.started && name === "main") ? this.go(open) : this.start();
    if (this.guesses.length) return this.askGuesses();
    this.sheet(`All ${this.word.toLowerCase()}s are labelled.`, "Thank you. You can still go back and correct an answer.", this.backButton());
  }

  start() {
    this.page = "start";
    this.item = undefined;
    const begin = button("Start reading", "Enter", () => { this.started = true; this.go(this.next(-1)); }, { class: "primary" });
    const intro = introduction(this.stage, this.queue.length, this.word.toLowerCase());
    this.put(el("section", { class: "sheet guideline" }, intro ? el("p", { class: "intro" }, intro) : "",
      ...guidelineNodes(this.study.guideline), el("div", { class: "act" }, begin)));
    begin.focus();
  }

  // A page of a heading, a sentence and what can be done.
  sheet(title, text, ...actions) {
    this.page = "sheet";
    this.item = undefined;
    const heading = el("h1", { tabindex: "-1" }, title);
    this.put(el("section", { class: "sheet" }, heading, el("p", {}, text), el("div", { class: "act" }, ...actions)));
    heading.focus();
    this.say(`${title} ${text}`);
  }

  backButton() {
    return this.queue.length ? button("Back to the last one", "u", () => this.back()) : "";
  }

  progress() {
    const { queue, done, seconds } = this;
    const what = { qualification: "practised", calibration: "calibrated", waiting: "calibrated" }[this.stage.name] ?? "labelled";
    const isOpen = this.study.shared && this.stage.name === "main"; // nobody knows how many this person will take
    const isIdle = !queue.length || this.stage.name === "discussion";
    this.count.textContent = isIdle ? "" : isOpen ? `${done.size} ${what}` : `${done.size} of ${queue.length} ${what}`;
    this.meter.hidden = isOpen || isIdle;
    this.meter.max = Math.max(queue.length, 1);
    this.meter.value = done.size;
    const n = queue.filter((token) => !done.has(token)).length;
    this.left.textContent = paceText(seconds, isOpen ? null : n);
  }

  next(index) {
    if (this.stage.name === "discussion") return this.queue[index + 1];
    const order = [...this.queue.slice(index + 1), ...this.queue.slice(0, Math.max(index, 0))];
    return order.find((token) => !this.done.has(token));
  }

  go(token) {
    if (token === undefined) return this.finish();
    if (this.items.has(token)) return this.show(token);
    this.waitingFor = token;
    this.post.awaited.add(token);
    this.status("Loading…", "busy");
    this.post.flush(true);
  }

  // Asks for an item anew, whatever is held of it.
  fetch(token) {
    this.items.delete(token);
    this.go(token);
  }

  // This part is through: what comes next is the server's to say, once it has everything.
  finish() {
    if (this.item && !this.done.has(this.item.token)) return this.say("This is the last open one.");
    if (this.stage.name === "discussion") return this.sheet(`You have seen all calibration ${this.word.toLowerCase()}s.`, "Now everybody reads alone again.",
      button("Go on to the main queue", "Enter", () => this.post.reopen("main"), { class: "primary" }), this.backButton());
    this.sheet("One moment", "Saving your last answer…");
    this.finishing = true;
    if (this.post.waiting.size) this.post.flush();
    else this.post.reopen();
  }

  show(token) {
    if (this.page === "label") this.tick();
    this.waitingFor = undefined;
    const item = (this.item = this.items.get(token));
    const index = this.queue.indexOf(token);
    const title = this.titleOf(index);
    this.page = this.guessing === token ? "guess" : item.feedback ? "feedback" : "label";
    this.reader = new Reader(item, title, { mark: this.page === "label" ? (at) => this.mark(at) : null, active: () => this.active(),
      skip: () => this.toQuestions(), isScenario: this.study.unit === "scenario" });
    this.panel = this.panelOf(item);
    this.put(this.reader.node, this.panel.node);
    this.reader.heading.focus({ preventScroll: true });
    this.prefetch(index);
    if (this.state.textContent === "Loading…") this.status("");
    this.say(`${title}.${item.revision && this.page === "label" ? " Your earlier answer is shown." : ""} ${this.panel.spoken ?? ""}`);
  }

  toQuestions() {
    const { node } = this.panel;
    (node.querySelector("[data-question]:not(:disabled), input") ?? node.querySelector("button"))?.focus();
  }

  titleOf(index) {
    const place = this.study.shared && this.stage.name === "main" ? `${index + 1}` : `${index + 1} of ${this.queue.length}`;
    const word = { qualification: "Practice", calibration: "Calibration", waiting: "Calibration", discussion: "Discussion" }[this.stage.name];
    return `${word ?? this.word} ${place}`;
  }

  panelOf(item) {
    const on = { changed: () => this.changed(), say: (text) => this.say(text), submit: () => this.submit(), back: () => this.back(),
      later: () => this.defer(), next: () => this.go(this.next(this.queue.indexOf(item.token))), showReasoning: () => this.askReasoning(),
      moveTo: (index) => this.reader.moveTo(index), save: (text) => this.guess(text), skip: () => this.thank() };
    if (this.page === "guess") return new GuessPanel(this.asked - this.guesses.length + 1, this.asked, on);
    if (this.page === "feedback") return new FeedbackPanel(this.study, item, on);
    if (!item.others) return new Panel(this.study, item, on);
    return new Panel(this.study, item, on, { above: [otherReaders(this.study, item.others, on.moveTo)], act: () => el("div", { class: "act" },
      button("Back", "u", on.back), button("Save and go on", "Enter", on.submit, { class: "primary" })) });
  }

  prefetch(index) {
    const next = this.page === "guess" ? this.guesses[1] : this.next(index);
    if (next === undefined || this.items.has(next)) return;
    this.post.awaited.add(next);
    this.post.flush(true);
  }

  mark(index) {
    if (this.study.unit === "scenario" || !this.reader.n) return;
    if (index < 0) return this.say("Move to a message with j or k first.");
    const { evidence } = this.item;
    const isOn = !evidence.delete(index);
    if (isOn) evidence.add(index);
    this.reader.marked(index, isOn);
    this.panel.evidenceChanged();
    this.say(`Message ${index + 1} ${isOn ? "marked" : "not marked"}.`);
    this.changed();
  }

  askReasoning() {
    const { item } = this;
    if (!item.withheld || item.asking) return;
    const gate = this.study.questions.find((question) => question.id === this.study.reasoning_after);
    if (item.answers[gate.id] === undefined) return this.say(`Answer first: ${gate.text}`);
    item.asking = true;
    this.panel.render();
    this.post.drop((one) => one.op === "draft" && one.token === item.token);
    this.post.put({ id: randomId(), op: "show_reasoning", token: item.token, reading: readingOf(this.study, item) });
    this.post.awaited.add(item.token);
    this.post.flush();
  }

  submit() {
    const { item } = this;
    if (!item || !this.study.open || this.waitingFor !== undefined) return;
    const index = this.queue.indexOf(item.token);
    if (this.stage.name === "discussion" && !item.changed) return this.go(this.next(index));
    const missing = this.panel.missing();
    if (missing) {
      const first = item.withheld && missing.needs_reasoning;
      this.say(first ? "Show the reasoning first, key v." : `Answer first: ${missing.text}`);
      return this.status(first ? "Show the reasoning first" : "Answer every question first", "bad");
    }
    for (const one of this.post.waiting.values()) if (one.op === "submit" && one.token === item.token) return this.say("Still saving this one.");
    this.tick();
    this.post.drop((one) => one.op === "draft" && one.token === item.token);
    this.post.put({ id: item.submitId, op: "submit", token: item.token, reading: readingOf(this.study, item) });
    this.done.add(item.token);
    this.progress();
    this.warn("");
    this.status("Saving…", "busy");
    const posted = this.post.number;
    if (this.stage.name === "qualification") this.page = "saving";
    else this.go(this.next(index));
    if (this.post.number === posted) this.post.flush();
  }

  defer() {
    this.go(this.next(this.queue.indexOf(this.item.token)));
  }

  back() {
    const index = this.item ? this.queue.indexOf(this.item.token) : this.queue.length;
    if (index > 0) this.go(this.queue[index - 1]);
    else this.say("This is the first one.");
  }

  // ---- guesses -------------------------------------------------------------------------------------------

  askGuesses() {
    this.asked = this.guesses.length;
    this.sheet("One last question", `For ${this.asked} of your ${this.word.toLowerCase()}s: which model do you think it was? Your guesses `
      + "measure how blind this study was. They change none of your answers, and you may skip them.",
    button("Start", "Enter", () => this.nextGuess(), { class: "primary" }), button("Skip", "", () => this.thank()), this.backButton());
  }

  nextGuess() {
    if (!this.guesses.length) return this.thank();
    this.guessing = this.guesses[0];
    this.go(this.guessing);
  }

  guess(text) {
    if (this.waitingFor !== undefined) return;
    this.post.put({ id: randomId(), op: "guess", token: this.guesses.shift(), guess: text });
    this.status("Saving…", "busy");
    const posted = this.post.number;
    this.nextGuess();
    if (this.post.number === posted) this.post.flush();
  }

  thank() {
    this.guessing = undefined;
    this.sheet("Thank you.", `All ${this.word.toLowerCase()}s are labelled. You can still go back and correct an answer.`, this.backButton());
  }

  // ---- keys ----------------------------------------------------------------------------------------------

  keys() {
    const answers = this.study.questions.flatMap((question) => question.answers.map((answer) =>
      [question.keys[answer.value], `${question.text} ${answer.label}`]));
    const actions = Object.entries(this.study.actions).map(([name, key]) => [key, name]);
    return [...answers, ...actions];
  }

  // In a field keys are text; Escape leaves it, and Enter in the guess's one line saves.
  typing(key, target) {
    if (key === "Escape") return () => { target.blur(); this.reader?.focus(); };
    return key === "Enter" && this.page === "guess" ? () => this.panel.save() : undefined;
  }

  // Enter on a control that was reached by Tab presses it; everywhere else, and on the chosen answer, it submits.
  enter(event, target) {
    if (event.repeat) return () => {};
    const control = target instanceof HTMLElement && target.closest("button, summary, a");
    if (control && control.getAttribute("aria-pressed") !== "true") return undefined;
    if (this.page === "label") return () => this.submit();
    if (this.page === "guess") return () => this.panel.save();
    const main = this.body.querySelector("button.primary");
    return main && this.page !== "saving" ? () => main.click() : undefined;
  }

  actionOf(key) {
    const general = { g: () => this.guideline(), "/": () => this.guideline(true), "?": () => this.help() }[key];
    if (general) return general;
    if (key === "u" && ["label", "feedback", "sheet"].includes(this.page)) return () => this.back();
    if (!["label", "feedback", "guess"].includes(this.page)) return undefined;
    const reading = { j: () => this.reader.moveTo(this.reader.cursor + 1), k: () => this.reader.moveTo(this.reader.cursor - 1),
      o: () => this.reader.unfold() }[key];
    if (reading) return reading;
    if (this.waitingFor !== undefined) return undefined; // the one before is still on the screen: keys are not meant for it
    const labelling = this.page === "label" && { e: () => this.mark(this.reader.cursor), d: () => this.defer() }[key];
    return labelling || this.panel.actionOf(key);
  }
}

export default mounting(Desk);
