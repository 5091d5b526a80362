// The pages of the annotator's desk but the one that labels: the guideline, what stands between the parts, feedback, guesses.

import { button, el } from "../page/dom.js";
import { createGuideline } from "../transcript/guideline.js";
import { TranscriptView } from "../transcript/transcript_view.js";
import { GuessPanel } from "./guess_panel.js";
import { describeResult, describeStage, FeedbackPanel } from "./qualification.js";

/** @import { Desk } from "../desk.js" */
/** @import { Item } from "../state/items.js" */
/** @import { Action } from "../page/shell.js" */

/**
 * @typedef {object} Page What the desk shows in its body.
 * @property {Node[]} nodes
 * @property {() => void} focus takes the focus once it is shown
 * @property {string} spoken what is announced then
 * @property {boolean} canGoBack whether the key for Back works here
 * @property {(key: string) => Action | undefined} findAction what a key does here, if anything
 * @property {() => Action | undefined} [findEnterAction] what Enter does; left out: it presses the main button
 * @property {Action} [onTypedEnter] what Enter does in a field of one line
 * @property {TranscriptView} [view]
 * @property {string} [token] of the item on it
 */

const MAIN = { class: "primary" };

/**
 * A page of a heading, a sentence and what can be done.
 * @param {string} title
 * @param {string} text
 * @param {(HTMLElement | null)[]} actions
 * @returns {Page}
 */
export function createSheet(title, text, ...actions) {
  const heading = el("h1", { tabindex: "-1" }, title);
  const sheet = el("section", { class: "sheet" }, heading, el("p", {}, text), el("div", { class: "act" }, ...actions));
  const spoken = `${title} ${text}`;
  return { nodes: [sheet], focus: () => heading.focus(), spoken, canGoBack: true, findAction: () => undefined };
}

/**
 * The guideline, before the first item of a part.
 * @param {Desk} desk
 * @returns {Page}
 */
export function createStartPage(desk) {
  const { stage, queue, unit, study } = desk.state;
  const start = button("Start labelling", "Enter", () => desk.start(), MAIN);
  const introduction = describeStage(stage, queue.size, unit);
  const sheet = el(
    "section",
    { class: "sheet guideline" },
    introduction && el("p", { class: "intro" }, introduction),
    ...createGuideline(study.guideline),
    el("div", { class: "act" }, start),
  );
  const focus = () => start.focus();
  return { nodes: [sheet], focus, spoken: "", canGoBack: false, findAction: () => undefined };
}

/**
 * An item beside a panel.
 * @param {Desk} desk
 * @param {Item} item
 * @param {FeedbackPanel | GuessPanel} panel
 * @returns {Page & { view: TranscriptView }}
 */
function createItemPage(desk, item, panel) {
  const title = desk.state.formatTitle(item.token);
  const view = new TranscriptView(item, title, {
    onScroll: () => desk.markActive(),
    onSkip: () => panel.focus(),
    isScenario: desk.state.unit === "scenario",
  });
  return {
    nodes: [view.node, panel.node],
    focus: () => view.heading.focus({ preventScroll: true }),
    spoken: `${title}. ${panel.spoken}`,
    canGoBack: true,
    findAction: (key) => panel.findAction(key),
    view,
    token: item.token,
  };
}

/**
 * An item of the qualification after it was answered.
 * @param {Desk} desk
 * @param {Item} item
 * @param {Wire.FeedbackPayload} feedback
 */
export function createFeedbackPage(desk, item, feedback) {
  const on = { goOn: () => desk.goToNext(), goBack: () => desk.goBack() };
  return createItemPage(desk, item, new FeedbackPanel(desk.study, feedback, on));
}

/**
 * An item of which the annotator is asked which model it was.
 * @param {Desk} desk
 * @param {Item} item
 * @returns {Page}
 */
export function createGuessPage(desk, item) {
  const { nGuesses, state } = desk;
  const on = { save: (/** @type {string} */ text) => desk.saveGuess(text), skip: () => desk.showEnd() };
  const panel = new GuessPanel(nGuesses - state.guessTokens.length + 1, nGuesses, on);
  const save = () => panel.save();
  return { ...createItemPage(desk, item, panel), canGoBack: false, findEnterAction: () => save, onTypedEnter: save };
}

/**
 * What stands before the first guess.
 * @param {Desk} desk
 */
function createGuessIntroduction(desk) {
  const text =
    `For ${desk.nGuesses} of your ${desk.state.unit}s: which model do you think it was? Your guesses measure how blind ` +
    "this study was. They change none of your answers, and you may skip them.";
  const start = button("Start", "Enter", () => desk.showNextGuess(), MAIN);
  return createSheet(
    "One last question",
    text,
    start,
    button("Skip", "", () => desk.showEnd()),
    createBackButton(desk),
  );
}

/** @param {Desk} desk */
export function createEndPage(desk) {
  const text = "Thank you. You can still go back and correct an answer.";
  return createSheet(`All ${desk.state.unit}s are labelled.`, text, createBackButton(desk));
}

/** @param {Desk} desk */
export function createDiscussionEnd(desk) {
  const title = `You have seen all ${desk.state.unit}s of the norming round.`;
  const goOn = button("Continue with the main queue", "Enter", () => desk.outbox.reopen("main"), MAIN);
  return createSheet(title, "From here on everybody labels alone again.", goOn, createBackButton(desk));
}

/**
 * Where a fresh opening leads when it is not to an item.
 * @param {Desk} desk
 * @param {Exclude<import("../state/desk_state.js").ArrivalPage, "item">} page
 * @param {Wire.RoundResultPayload | null} result
 * @returns {Page}
 */
export function createArrivalPage(desk, page, result) {
  if (page === "start") return createStartPage(desk);
  if (page === "guesses") return createGuessIntroduction(desk);
  if (page === "waiting") return createWaitingPage(desk);
  if (page === "result" && result) return createResultPage(desk, result);
  return page === "done" ? createEndPage(desk) : createSheet("There is nothing in your queue.", "Ask the researcher.");
}

/**
 * How a round of the qualification went.
 * @param {Desk} desk
 * @param {Wire.RoundResultPayload} result
 */
function createResultPage(desk, result) {
  const goOn = button("Continue", "Enter", () => desk.arrive(undefined, null), MAIN);
  return createSheet(...describeResult(result), result.state === "failed" ? null : goOn);
}

/** @param {Desk} desk */
function createWaitingPage(desk) {
  const title = `You have labelled all ${desk.state.unit}s of the norming round.`;
  const text = "Once everybody has, the researcher opens the discussion; then come back here.";
  const check = button("Check again", "Enter", () => desk.outbox.reopen(), MAIN);
  return createSheet(title, text, check, createBackButton(desk));
}

/** @param {Desk} desk */
function createBackButton(desk) {
  return desk.queue.size ? button("Back to the last one", "u", () => desk.goBack()) : null;
}
