// One item as the page holds it, and what it says to the server.

import { randomId } from "./transcript.js";

// From the server's packet: what was saved, or the draft that goes on from there.
export function itemOf(packet) {
  const said = packet.draft || packet;
  return {
    token: packet.token, content: packet.content, revision: packet.revision, submitId: randomId(),
    answers: { ...said.answers, ...packet.fixed }, evidence: new Set(said.evidence), confidence: said.confidence ?? null,
    note: said.note || "", contested: Boolean(said.contested), seconds: packet.draft?.active_seconds || 0,
    withheld: packet.withheld, fixed: packet.fixed, feedback: packet.feedback, others: packet.others, changed: Boolean(packet.draft),
  };
}

// The questions that the answers so far call for.
export function asked(study, item) {
  return study.questions.filter((question) =>
    Object.entries(question.asked_when).every(([other, wanted]) => wanted.includes(item.answers[other])));
}

// What the desk's server takes as one reading of an item.
export function readingOf(study, item) {
  const given = asked(study, item).filter((question) => item.answers[question.id] !== undefined);
  return {
    answers: Object.fromEntries(given.map((question) => [question.id, item.answers[question.id]])),
    evidence: [...item.evidence].sort((a, b) => a - b), confidence: item.confidence, note: item.note, contested: item.contested,
    active_seconds: Math.round(item.seconds * 10) / 10, revision: item.revision,
  };
}

// The person's own median pace, and what `n` more will take at it (null: nobody knows how many); nothing before three labels.
export function paceText(seconds, n) {
  const known = (seconds ?? []).filter((one) => one > 0).sort((a, b) => a - b);
  if (known.length < 3 || n === 0) return "";
  const median = known[Math.floor(known.length / 2)];
  const pace = median < 90 ? `${Math.round(median)} s each` : `${Math.round(median / 6) / 10} min each`;
  if (n === null) return pace;
  const minutes = (median * n) / 60;
  const left = minutes < 1 ? "less than a minute" : minutes < 90 ? `about ${Math.round(minutes)} min` : `about ${Math.round(minutes / 6) / 10} h`;
  return `${pace}, ${left} left`;
}
