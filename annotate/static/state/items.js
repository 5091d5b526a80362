// One item of an annotator's queue as the page holds it, and the label that the page sends of it.

import { createId } from "./messages.js";

/**
 * @typedef {object} Item
 * @property {string} token
 * @property {Wire.Content} content
 * @property {number} revision
 * @property {string} submitId of the next submit: new for each intended label, so that a repeated submit is saved once
 * @property {Record<string, string>} answers
 * @property {Set<number>} evidence
 * @property {number | null} confidence
 * @property {string} note
 * @property {boolean} contested
 * @property {number} seconds that the annotator was active on it
 * @property {boolean} withheld the visible reasoning has not come yet
 * @property {Record<string, string>} fixed answers that stand until the first submit
 * @property {boolean} isAsking the visible reasoning was asked for
 * @property {boolean} hasChanged something was answered since it was saved
 * @property {Wire.FeedbackPayload} [feedback]
 * @property {Wire.OtherRatingPayload[]} [others]
 */

/**
 * From the server's payload: what was saved, or the draft that goes on from there.
 * @param {Wire.ItemPayload} payload
 * @returns {Item}
 */
export function createItem(payload) {
  const { token, content, revision, withheld, fixed, feedback, others, draft } = payload;
  const start = draft ?? payload;
  return {
    token,
    content,
    revision,
    submitId: createId(),
    answers: { ...start.answers, ...fixed },
    evidence: new Set(start.evidence),
    confidence: start.confidence ?? null,
    note: start.note ?? "",
    contested: Boolean(start.contested),
    seconds: draft?.active_seconds ?? 0,
    withheld,
    fixed,
    isAsking: false,
    hasChanged: draft !== undefined,
    feedback,
    others,
  };
}

/**
 * After a submit was saved.
 * @param {Item} item
 * @param {number} revision
 */
export function markSaved(item, revision) {
  Object.assign(item, { revision, submitId: createId(), seconds: 0, withheld: false, fixed: {}, hasChanged: false });
}

/**
 * After the visible reasoning has come: what the annotator has begun stays, and the answer before it stands.
 * @param {Item} item
 * @param {Wire.ItemPayload} payload
 */
export function addReasoning(item, { content, fixed }) {
  Object.assign(item, { content, withheld: false, isAsking: false, fixed });
  Object.assign(item.answers, fixed);
}

/**
 * The questions that the answers so far call for.
 * @param {Wire.StudyPayload} study
 * @param {Pick<Item, "answers">} item
 */
export function listAskedQuestions(study, item) {
  return study.questions.filter((question) =>
    Object.entries(question.asked_when).every(([other, wanted]) => wanted.includes(item.answers[other] ?? "")),
  );
}

/**
 * The first question that still needs an answer.
 * @param {Wire.StudyPayload} study
 * @param {Pick<Item, "answers">} item
 */
export function findMissingQuestion(study, item) {
  return listAskedQuestions(study, item).find(({ id, optional }) => !optional && item.answers[id] === undefined);
}

/**
 * What the server takes as one label. Answers to questions that are no longer asked stay in the page.
 * @param {Wire.StudyPayload} study
 * @param {Item} item
 * @returns {Wire.LabelContent}
 */
export function buildLabel(study, item) {
  const answered = listAskedQuestions(study, item).filter(({ id }) => item.answers[id] !== undefined);
  return {
    answers: Object.fromEntries(answered.map(({ id }) => [id, item.answers[id] ?? ""])),
    evidence: [...item.evidence].sort((a, b) => a - b),
    confidence: item.confidence,
    note: item.note,
    contested: item.contested,
    active_seconds: Math.round(item.seconds * 10) / 10,
    revision: item.revision,
  };
}
