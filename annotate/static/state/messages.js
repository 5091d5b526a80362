// What the browser sends: operations, the messages that carry them, and what an acknowledgement means for the page.

/** @typedef {Wire.LabelOperation | Wire.DecisionOperation} Operation */

/** @typedef {"retry" | "foreign" | "refused" | "submitted" | "drafted" | "shown" | "guessed"} AckOutcome */

const MAX_OPERATIONS = 200;
const MAX_WANTED = 4;
const OLD_LABEL_FIELD = "reading";

/** A random id. Not randomUUID: browsers lack it on plain http from another machine. */
export function createId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * One message; what does not fit into it waits for the next one.
 * @template {Operation} T
 * @param {{ number: number, operations: Iterable<T>, wanted: Iterable<string>, begin: boolean, stage: string }} parts
 */
export function buildMessage({ number, operations, wanted, begin, stage }) {
  const message = {
    number,
    operations: [...operations].slice(0, MAX_OPERATIONS),
    wanted: [...wanted].slice(0, MAX_WANTED),
    begin,
  };
  // An adjudicator's message has no stage, and the server refuses fields that it does not know.
  return stage ? { ...message, stage } : message;
}

/**
 * An operation as this version of the page sends it: an earlier one named the label otherwise, and may have left some in
 * the browser's store that were never saved.
 * @param {any} operation
 */
export function upgradeOperation(operation) {
  const { [OLD_LABEL_FIELD]: label, ...rest } = operation;
  return label === undefined ? operation : { ...rest, label };
}

/**
 * What has to happen after the server answered an operation.
 * @param {Wire.AckPayload} ack
 * @param {Wire.LabelOperation["op"]} op
 * @param {boolean} isHeld whether the page holds the item that it is about
 * @returns {AckOutcome}
 */
export function interpretAck(ack, op, isHeld) {
  if (!ack.ok && ack.code === "retry") return "retry";
  if (ack.code === "unknown" && !isHeld) return "foreign"; // left by somebody else in this browser
  if (!ack.ok) return "refused";
  return /** @type {const} */ ({ submit: "submitted", draft: "drafted", show_reasoning: "shown", guess: "guessed" })[
    op
  ];
}
