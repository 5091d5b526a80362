// The annotator's desk in the browser: which page is shown, and what keys and time do. Plain modules, no build step.

import { DeskInbox } from "./label/inbox.js";
import { LabelPage } from "./label/label_page.js";
import {
  createArrivalPage,
  createDiscussionEnd,
  createEndPage,
  createFeedbackPage,
  createGuessPage,
  createSheet,
} from "./label/pages.js";
import { button } from "./page/dom.js";
import { createMount } from "./page/mount.js";
import { QueuePage } from "./page/queue_page.js";
import { ActivityClock } from "./state/activity.js";
import { DeskState } from "./state/desk_state.js";
import { createId } from "./state/messages.js";
import { Outbox } from "./state/outbox.js";

/** @import { Item } from "./state/items.js" */
/** @import { Page } from "./label/pages.js" */

const TICK_MS = 1_000;

/** @extends {QueuePage<Wire.LabelOperation, Item>} */
export class Desk extends QueuePage {
  state = new DeskState();
  clock = new ActivityClock(performance.now());
  inbox = new DeskInbox(this);
  /** @type {Page} */
  page = createSheet("", "");
  isFinishing = false; // this part is through, and its last answers are on their way
  nGuesses = 0; // that are asked for
  discussionButton = button("Discussion", "", () => this.switchDiscussion(), { hidden: true });
  ticker = setInterval(() => this.countTime(), TICK_MS);

  /**
   * @param {ParentNode} root
   * @param {string} style address of the style sheet
   */
  constructor(root, style) {
    super(root, style, new Outbox("secondreader.outbox"));
    this.tools.prepend(this.discussionButton);
    const { signal } = this.stop;
    document.addEventListener("visibilitychange", () => this.countTime(), { signal });
  }

  close() {
    super.close();
    clearInterval(this.ticker);
  }

  get study() {
    return this.state.study;
  }

  get queue() {
    return this.state.queue;
  }

  get currentToken() {
    return this.page.token;
  }

  markActive() {
    this.clock.touch(performance.now());
  }

  /** Add the time since the last call to the item that is being labelled. */
  countTime() {
    const seconds = this.clock.tick(performance.now(), document.visibilityState === "hidden");
    if (this.page instanceof LabelPage && !this.page.isSaving) this.page.item.seconds += seconds;
  }

  /** @param {Wire.DeskPayload} payload */
  receive(payload) {
    if (!this.isNews(payload)) return;
    this.inbox.read(payload);
    this.showFaultOf(payload);
    this.showAwaited();
    // What comes next is the server's to say, once it has everything.
    if (this.isFinishing && !this.outbox.waiting.size && !this.outbox.begin) this.outbox.reopen();
    this.outbox.watch();
  }

  // ---- the bar -------------------------------------------------------------------------------------------

  /** What the bar and the banner say once an opening has come. */
  showOpening() {
    const { stage, study, isDiscussion } = this.state;
    this.showStudy(study);
    this.discussionButton.hidden = !stage.has_discussion;
    this.discussionButton.textContent = isDiscussion ? "Main queue" : "Discussion";
    this.desk.classList.toggle("qualification", stage.name === "qualification");
    if (!study.is_open) this.showBanner("The study takes no labels now. Drafts are kept; ask the researcher.");
    this.showProgress();
  }

  showProgress() {
    const { text, meter, pace } = this.state.summarizeProgress();
    this.count.textContent = text;
    this.meter.hidden = meter === null;
    this.meter.max = meter?.max ?? 1;
    this.meter.value = meter?.value ?? 0;
    this.pace.textContent = pace;
  }

  suggestPause() {
    const text = `${this.state.nLabelledNow} labels in this sitting. A short pause helps; continue whenever you like.`;
    this.showBanner(
      text,
      button("Continue", "", () => this.showBanner("")),
    );
  }

  switchDiscussion() {
    this.outbox.reopen(this.state.isDiscussion ? "main" : "discussion");
  }

  // ---- pages ---------------------------------------------------------------------------------------------

  /**
   * @template {Page} P
   * @param {P} page
   */
  showPage(page) {
    this.page = page;
    this.replaceBody(...page.nodes);
    page.focus();
    if (page.spoken) this.announce(page.spoken);
    return page;
  }

  /**
   * Go where a fresh opening leads.
   * @param {Wire.StagePayload | undefined} before the stage until now
   * @param {Wire.RoundResultPayload | null} result
   */
  arrive(before, result) {
    this.isFinishing = false;
    this.nGuesses = this.state.guessTokens.length;
    const { page, token } = this.state.decideArrival(before, result);
    if (page === "item") this.goTo(token);
    else this.showPage(createArrivalPage(this, page, result));
  }

  /** Leave the guideline. */
  start() {
    this.state.hasStarted = true;
    this.goTo(this.state.findNext(undefined));
  }

  goToNext() {
    this.goTo(this.state.findNext(this.currentToken));
  }

  finish() {
    const { currentToken, queue } = this;
    if (currentToken && !queue.isDone(currentToken)) return this.announce("This is the last open one.");
    if (this.state.isDiscussion) return void this.showPage(createDiscussionEnd(this));
    this.showPage(createSheet("One moment", "Saving your last answer…"));
    this.isFinishing = true;
    if (this.outbox.waiting.size) this.outbox.flush();
    else this.outbox.reopen();
  }

  /** @param {Item} item */
  showItem(item) {
    this.countTime(); // the time until now belongs to the item before
    this.showPage(this.createPage(item));
    this.prefetch(this.isGuessing(item) ? this.state.guessTokens[1] : this.state.findNext(item.token));
  }

  /** @param {Item} item */
  createPage(item) {
    if (this.isGuessing(item)) return createGuessPage(this, item);
    return item.feedback ? createFeedbackPage(this, item, item.feedback) : new LabelPage(this, item);
  }

  /**
   * The page that labels an item whose label was not saved: shown again if the annotator has gone on.
   * @param {Item} item
   */
  showForCorrection(item) {
    if (!(this.page instanceof LabelPage && this.page.item === item)) return this.showPage(new LabelPage(this, item));
    this.page.isSaving = false;
    return this.page;
  }

  // ---- guesses -------------------------------------------------------------------------------------------

  /** @param {Item} item */
  isGuessing(item) {
    return this.guessing === item.token;
  }

  showNextGuess() {
    this.guessing = this.state.guessTokens[0];
    if (this.guessing === undefined) this.showEnd();
    else this.goTo(this.guessing);
  }

  /** @param {string} text */
  saveGuess(text) {
    const token = this.state.guessTokens.shift();
    if (this.waitingFor !== undefined || token === undefined) return;
    this.outbox.add({ id: createId(), op: "guess", token, guess: text });
    this.showStatus("Saving…", "busy");
    this.sendWith(() => this.showNextGuess());
  }

  showEnd() {
    this.guessing = undefined;
    this.showPage(createEndPage(this));
  }

  // ---- keys ----------------------------------------------------------------------------------------------

  /**
   * In a field keys are text; Escape leaves it, and Enter in the guess's one line saves.
   * @param {string} key
   * @param {HTMLElement} target
   */
  findTypingAction(key, target) {
    if (key === "Enter") return this.page.onTypedEnter;
    return key === "Escape" ? () => this.leaveField(target) : undefined;
  }

  /** @param {HTMLElement} target */
  leaveField(target) {
    target.blur();
    this.page.view?.focus();
  }

  findEnterAction() {
    return this.page.findEnterAction ? this.page.findEnterAction() : super.findEnterAction();
  }

  /** @param {string} key */
  findAction(key) {
    const { page } = this;
    const action = super.findAction(key) ?? page.view?.findAction(key);
    if (action) return action;
    if (key === "u" && page.canGoBack) return () => this.goBack();
    // While another item is on its way, the one before is still on the screen: keys are not meant for it.
    return this.waitingFor === undefined ? page.findAction(key) : undefined;
  }
}

export default createMount(Desk);
