// One disputed item as the adjudicator's page holds it, and what a decision on it still lacks.

import { createId } from "./messages.js";

/** @import { DecisionForm, Drafts } from "./drafts.js" */

/**
 * @typedef {object} DisputedQuestion
 * @property {string} id
 * @property {string[]} answers that annotators gave, each once
 * @property {number} revision
 * @property {Wire.OwnDecisionPayload | null} saved the adjudicator's own latest decision
 * @property {boolean} hasChanged annotators have changed their answers since
 * @property {DecisionForm} form
 * @property {string} submitId of the next decision, so that a repeated one is saved once
 */

/**
 * @typedef {object} DisputedItem
 * @property {string} token
 * @property {Wire.Content} content
 * @property {string[]} notes
 * @property {Set<number>} evidence
 * @property {boolean} contested
 * @property {string} version
 * @property {DisputedQuestion[]} questions
 */

export const CONTESTED = "contested";

/**
 * @param {Wire.AdjudicationItemPayload} payload
 * @param {Drafts} drafts
 * @returns {DisputedItem}
 */
export function createDisputedItem(payload, drafts) {
  const { token, content, notes, contested, version } = payload;
  const questions = payload.questions.map((question) => createQuestion(token, question, drafts));
  return { token, content, notes, contested, version, questions, evidence: new Set(payload.evidence) };
}

/**
 * @param {string} token
 * @param {Wire.DisputedQuestionPayload} payload
 * @param {Drafts} drafts
 * @returns {DisputedQuestion}
 */
function createQuestion(token, { id, answers, revision, decision, has_changed }, drafts) {
  const saved = { answer: decision?.answer ?? undefined, kind: decision?.kind, reason: decision?.reason ?? "" };
  const form = drafts.find(token, id, revision) ?? saved;
  return { id, answers, revision, saved: decision, hasChanged: has_changed, form, submitId: createId() };
}

/**
 * What a decision lacks, in words; "" when it is complete.
 * @param {DecisionForm} form
 */
export function describeMissing({ answer, kind, reason }) {
  if (kind !== CONTESTED && !answer) return "choose an answer, or contested";
  if (!kind) return "say why annotators disagreed";
  return reason.trim() ? "" : "write a reason";
}

/**
 * Whether there is something to save: another decision than the saved one, or one that annotators called into question.
 * @param {DisputedQuestion} question
 */
export function isNewDecision({ form, saved, hasChanged }) {
  if (hasChanged || !saved) return true;
  return form.kind !== saved.kind || (form.answer ?? null) !== saved.answer || form.reason.trim() !== saved.reason;
}

/**
 * @param {DisputedItem} item
 * @param {DisputedQuestion} question whose form is complete
 * @returns {Wire.DecisionOperation}
 */
export function buildDecision(item, question) {
  const { form, revision } = question;
  const kind = /** @type {Wire.DecisionContent["kind"]} */ (form.kind);
  const decision = { question: question.id, answer: form.answer ?? null, kind, reason: form.reason.trim() };
  return {
    id: question.submitId,
    op: "decide",
    token: item.token,
    decision: { ...decision, revision, version: item.version },
  };
}

/**
 * After a decision was saved.
 * @param {DisputedItem | undefined} item
 * @param {Wire.DecisionContent} decision
 * @param {number} revision
 */
export function markDecided(item, { question: id, answer, kind, reason }, revision) {
  const question = item?.questions.find((question) => question.id === id);
  const saved = { answer: answer ?? null, kind, reason };
  if (question) Object.assign(question, { revision, saved, submitId: createId(), hasChanged: false });
}
