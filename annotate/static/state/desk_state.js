// What the annotator's page knows of its study and of how far the annotator is. No screen: pages read it, payloads change it.

import { Queue } from "./queue.js";

/** @typedef {Wire.StagePayload["name"]} StageName */

/** @typedef {"result" | "waiting" | "empty" | "start" | "item" | "guesses" | "done"} ArrivalPage */
/** @typedef {{ page: ArrivalPage, token?: string }} Arrival Where a fresh opening leads; `token` of the item to show. */

/** @type {Wire.StudyPayload} */
const NO_STUDY = {
  title: "",
  notice: "",
  is_open: false,
  guideline: "",
  unit: "transcript",
  questions: [],
  actions: {},
  pause_every: 0,
  reasoning_after: null,
  is_shared: false,
};
/** @type {Partial<Record<StageName, string>>} */
const PART_NAMES = {
  qualification: "Qualification",
  calibration: "Norming round",
  waiting: "Norming round",
  discussion: "Discussion",
};
const MAX_SECONDS = 20;
const MIN_LABELS_FOR_PACE = 3;

export class DeskState {
  constructor() {
    this.study = NO_STUDY;
    /** @type {Wire.StagePayload} */
    this.stage = { name: "main", has_discussion: false, qualification: null };
    /** @type {Queue<boolean>} */
    this.queue = new Queue(true);
    /** @type {string[]} */
    this.guessTokens = [];
    /** @type {number[]} */
    this.ownSeconds = []; // active seconds of the latest labels, newest first
    this.nLabelledNow = 0; // in this sitting
    this.hasStarted = false; // the guideline before the first item was left
  }

  /**
   * @param {Wire.OpeningPayload} opening
   * @param {string[]} submittedTokens items whose label is on its way
   */
  open(opening, submittedTokens) {
    this.study = opening.study;
    this.stage = opening.stage;
    this.guessTokens = opening.guess_tokens;
    this.ownSeconds = opening.own_seconds;
    this.queue = new Queue(true, opening.queue);
    for (const token of submittedTokens) this.queue.set(token, true);
  }

  /** "transcript", or "scenario". */
  get unit() {
    return this.study.unit;
  }

  get isDiscussion() {
    return this.stage.name === "discussion";
  }

  /** Whether nobody knows how many items this annotator will label. */
  get isOpenEnded() {
    return this.study.is_shared && this.stage.name === "main";
  }

  /** @param {number} seconds of the label that was saved */
  recordSaved(seconds) {
    this.nLabelledNow += 1;
    this.ownSeconds = [seconds, ...this.ownSeconds].slice(0, MAX_SECONDS);
  }

  get isPauseDue() {
    const { pause_every: every } = this.study;
    return every > 0 && this.nLabelledNow > 0 && this.nLabelledNow % every === 0;
  }

  /**
   * The item after this one; undefined where the stage is through.
   * @param {string | undefined} token undefined: before the first one
   */
  findNext(token) {
    const index = token === undefined ? -1 : this.queue.indexOf(token);
    // In the discussion everything is labelled: it is gone through from its first item to the last.
    return this.isDiscussion ? this.queue.tokens[index + 1] : this.queue.findNextOpen(index);
  }

  /** @param {string} token */
  formatTitle(token) {
    const total = this.isOpenEnded ? "" : ` of ${this.queue.size}`;
    const title = `${this.unit} ${this.queue.indexOf(token) + 1}${total}`;
    const part = PART_NAMES[this.stage.name];
    return part ? `${part}: ${title}` : title.replace(/^./, (first) => first.toUpperCase());
  }

  /** What the bar says: text, meter (null: none), and the annotator's own pace. */
  summarizeProgress() {
    const { nDone, size } = this.queue;
    if (!size || this.isDiscussion) return { text: "", meter: null, pace: "" };
    if (this.isOpenEnded) return { text: `${nDone} labelled`, meter: null, pace: formatPace(this.ownSeconds, null) };
    const pace = formatPace(this.ownSeconds, size - nDone);
    return { text: `${nDone} of ${size} labelled`, meter: { value: nDone, max: size }, pace };
  }

  /** @param {Wire.StagePayload | undefined} before the stage that the page showed until now */
  isRoundOver(before) {
    if (before?.name !== "qualification") return false;
    return this.stage.name !== "qualification" || before.qualification?.round !== this.stage.qualification?.round;
  }

  /**
   * Where a fresh opening leads: what comes first in this part of the study.
   * @param {Wire.StagePayload | undefined} before the stage that the page showed until now
   * @param {Wire.RoundResultPayload | null} result
   * @returns {Arrival}
   */
  decideArrival(before, result) {
    const { name } = this.stage;
    if (result && (name === "failed" || this.isRoundOver(before))) return { page: "result" };
    if (name === "waiting") return { page: "waiting" };
    if (!this.queue.size) return { page: "empty" };
    const token = this.findNext(undefined);
    if (token === undefined) return { page: this.guessTokens.length ? "guesses" : "done" };
    const isUnderWay = this.isDiscussion || this.queue.nDone > 0 || (this.hasStarted && name === "main");
    return isUnderWay ? { page: "item", token } : { page: "start" };
  }
}

/**
 * The annotator's own median pace, and what `nLeft` more will take at it (null: nobody knows how many); nothing before
 * three labels.
 * @param {number[]} seconds
 * @param {number | null} nLeft
 */
export function formatPace(seconds, nLeft) {
  const known = seconds.filter((value) => value > 0).sort((a, b) => a - b);
  if (known.length < MIN_LABELS_FOR_PACE || nLeft === 0) return "";
  const median = known[Math.floor(known.length / 2)] ?? 0;
  const pace = median < 90 ? `${Math.round(median)} s each` : `${formatTenths(median / 60)} min each`;
  return nLeft === null ? pace : `${pace}, ${formatTimeLeft((median * nLeft) / 60)} left`;
}

/** @param {number} minutes */
function formatTimeLeft(minutes) {
  if (minutes < 1) return "less than a minute";
  return minutes < 90 ? `about ${Math.round(minutes)} min` : `about ${formatTenths(minutes / 60)} h`;
}

/** @param {number} value */
function formatTenths(value) {
  return Math.round(value * 10) / 10;
}
