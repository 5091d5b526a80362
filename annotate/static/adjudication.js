// The adjudicator's page: the list, one transcript after the other, and what is said about saving.

import { DisputePanel } from "./adjudicate/dispute_panel.js";
import { AdjudicationInbox } from "./adjudicate/inbox.js";
import { createList } from "./adjudicate/list.js";
import { button, el } from "./page/dom.js";
import { createMount } from "./page/mount.js";
import { QueuePage } from "./page/queue_page.js";
import { buildDecision, isNewDecision } from "./state/decisions.js";
import { Drafts } from "./state/drafts.js";
import { Outbox } from "./state/outbox.js";
import { Queue } from "./state/queue.js";
import { formatCount } from "./state/text.js";
import { TranscriptView } from "./transcript/transcript_view.js";

/** @import { EntryState } from "./adjudicate/list.js" */
/** @import { DisputedItem } from "./state/decisions.js" */

/** @typedef {{ item: DisputedItem, view: TranscriptView, panel: DisputePanel }} Work The transcript on the screen. */

/** @type {Wire.AdjudicationStudyPayload} */
const NO_STUDY = {
  title: "",
  notice: "",
  is_open: false,
  guideline: "",
  unit: "transcript",
  questions: [],
  actions: {},
  kinds: [],
};

/** @extends {QueuePage<Wire.DecisionOperation, DisputedItem>} */
export class Adjudication extends QueuePage {
  drafts = new Drafts("secondreader.adjudication.drafts");
  inbox = new AdjudicationInbox(this);
  currentStudy = NO_STUDY;
  /** @type {Queue<EntryState>} */
  entries = new Queue("settled");
  /** @type {Work | undefined} */
  work = undefined; // nothing while the list is shown

  /**
   * @param {ParentNode} root
   * @param {string} style address of the style sheet
   */
  constructor(root, style) {
    super(root, style, new Outbox("secondreader.adjudications"));
    const ownStyle = new URL("./adjudication.css", import.meta.url).href;
    root.append(el("link", { rel: "stylesheet", href: ownStyle }));
    this.meter.setAttribute("aria-label", "Settled");
    this.tools.prepend(button("List", "l", () => this.showList()));
  }

  get study() {
    return this.currentStudy;
  }

  get queue() {
    return this.entries;
  }

  get currentToken() {
    return this.work?.item.token;
  }

  /** "Transcript", or "Scenario". */
  get unit() {
    return this.study.unit === "scenario" ? "Scenario" : "Transcript";
  }

  /** @param {Wire.AdjudicationPayload} payload */
  receive(payload) {
    if (!this.isNews(payload)) return;
    this.inbox.read(payload);
    this.showFaultOf(payload);
    this.showAwaited();
    this.outbox.watch();
  }

  /** Something was chosen or written: it stays in this browser until it is saved. */
  keepDrafts() {
    const { work, drafts } = this;
    if (!work) return;
    const { token, questions } = work.item;
    const [begun, unchanged] = [questions.filter(isNewDecision), questions.filter((one) => !isNewDecision(one))];
    for (const { id } of unchanged) drafts.drop(token, id);
    const isKept = begun.map(({ id, revision, form }) => drafts.keep(token, id, revision, form)).every(Boolean);
    if (isKept) this.showStatus("Draft kept in this browser");
    else this.showStatus("This browser keeps no drafts; save before you leave", "bad");
  }

  // ---- pages ---------------------------------------------------------------------------------------------

  showProgress() {
    const { nDone, size } = this.entries;
    this.count.textContent = `${nDone} of ${size} settled`;
    this.meter.max = Math.max(size, 1);
    this.meter.value = nDone;
  }

  showList() {
    if (!this.isOpened) return;
    this.work = undefined;
    this.waitingFor = undefined;
    const { node, heading } = createList(this.entries, this.unit, {
      goTo: (token) => this.goTo(token),
      goOn: () => this.goToNext(),
      checkAgain: () => this.outbox.reopen(),
    });
    this.replaceBody(node);
    heading.focus();
    this.announce(`${heading.textContent} ${this.count.textContent}.`);
  }

  goToNext() {
    const { currentToken, entries } = this;
    this.goTo(entries.findNextOpen(currentToken === undefined ? -1 : entries.indexOf(currentToken)));
  }

  finish() {
    const { currentToken, entries } = this;
    if (currentToken === undefined || entries.isDone(currentToken)) this.showList();
    else this.announce("This is the last one that is open.");
  }

  /** @param {DisputedItem} item */
  showItem(item) {
    const index = this.entries.indexOf(item.token);
    const title = `${this.unit} ${index + 1} of ${this.entries.size}`;
    const view = new TranscriptView(item, title, { isScenario: this.study.unit === "scenario" });
    const panel = new DisputePanel(this.study, item, {
      onChange: () => this.keepDrafts(),
      announce: (text) => this.announce(text),
      save: () => this.save(),
      goBack: () => this.goBack(),
      defer: () => this.goToNext(),
      moveTo: (at) => view.moveTo(at),
    });
    this.work = { item, view, panel };
    this.replaceBody(view.node, panel.node);
    view.heading.focus({ preventScroll: true });
    this.prefetch(this.entries.findNextOpen(index));
    this.announce(`${title}. ${formatCount(item.questions.length, "question")} to settle.`);
  }

  save() {
    const { work } = this;
    if (!work) return;
    const { item, panel } = work;
    if (!this.study.is_open) return this.announce("The study is paused.");
    if (this.outbox.has("decide", item.token)) return this.announce("Still saving this one.");
    const lacking = panel.showMissing();
    if (lacking) return this.explainMissing(lacking);
    const decided = item.questions.filter(isNewDecision);
    for (const question of decided) this.outbox.add(buildDecision(item, question));
    this.entries.set(item.token, "settled");
    this.showProgress();
    this.showBanner("");
    if (decided.length) this.showStatus("Saving…", "busy");
    this.sendWith(() => this.goToNext());
  }

  /** @param {{ question: string, missing: string }} lacking */
  explainMissing({ question, missing }) {
    this.announce(`${question} Still to do: ${missing}.`);
    this.showStatus(
      missing.replace(/^./, (first) => first.toUpperCase()),
      "bad",
    );
  }

  // ---- keys ----------------------------------------------------------------------------------------------

  /**
   * Control and Enter saves from within a reason too.
   * @param {KeyboardEvent} event
   */
  handleKey(event) {
    const isSave = (event.ctrlKey || event.metaKey) && event.key === "Enter" && !event.repeat;
    if (!isSave || !this.work || this.dialog.open) return super.handleKey(event);
    event.preventDefault();
    this.save();
  }

  /**
   * @param {string} key
   * @param {HTMLElement} target
   */
  findTypingAction(key, target) {
    if (key !== "Escape") return undefined;
    return () => {
      target.blur();
      this.work?.view.focus();
    };
  }

  findEnterAction() {
    return this.work ? () => this.save() : super.findEnterAction();
  }

  listKeys() {
    const kinds = this.study.kinds.map(({ key, label, meaning }) => [key, `${label}: ${meaning}`]);
    return [...super.listKeys(), ...kinds];
  }

  /** @param {string} key */
  findAction(key) {
    /** @type {import("./page/shell.js").Actions} */
    const own = { l: () => this.showList(), u: () => this.goBack() };
    const action = super.findAction(key) ?? own[key];
    if (action || !this.work) return action;
    if (key === "d") return () => this.goToNext();
    return this.work.view.findAction(key) ?? this.work.panel.findAction(key);
  }
}

export default createMount(Adjudication);
