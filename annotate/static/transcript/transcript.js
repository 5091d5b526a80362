// How a transcript becomes elements.

import { dropEmpty, el } from "../page/dom.js";
import { findCut, formatJson, formatSize, PIECE_LENGTH, PREVIEW_LENGTH, splitInvisible } from "../state/text.js";

const FOLD_AT = { tool: 1_500, other: 4_000 };
const SHORT_BACKGROUND = 600;
const ROLE_NAMES = { system: "System", user: "User", assistant: "Agent", tool: "Tool result" };
const STATUS_NAMES = { executed: "executed", rejected: "rejected by the tool", attempted: "attempted, never ran" };

/**
 * Text nodes, with invisible characters made visible.
 * @param {string} text
 */
export function createText(text) {
  return splitInvisible(text).map((piece) =>
    piece.isInvisible ? el("span", { class: "unseen" }, piece.text) : piece.text,
  );
}

/**
 * A text in a box; a long one is folded, and comes in pieces that the browser can lay out at once.
 * @param {string} text
 * @param {number} [limit]
 * @param {string} [className]
 */
export function createLongText(text, limit = FOLD_AT.other, className = "text") {
  if (text.length <= limit) return el("div", { class: className, dir: "auto" }, ...createText(text));
  let end = findCut(text, PREVIEW_LENGTH);
  const box = el("div", { class: className, dir: "auto" }, ...createText(text.slice(0, end)));
  const more = el("button", { type: "button", class: "more", "data-fold": true, onclick: unfold });
  function describe() {
    const left = text.length - end;
    more.textContent =
      left > PIECE_LENGTH ? `Show the next 100 KB of ${formatSize(text)}` : `Show all (${formatSize(text)})`;
    if (left <= 0) more.remove();
  }
  function unfold() {
    const next = findCut(text, end + PIECE_LENGTH);
    box.append(...createText(text.slice(end, next)));
    end = next;
    describe();
  }
  describe();
  return el("div", {}, box, more);
}

/** @param {Wire.ToolCall} call */
function createArguments(call) {
  if (!call.arguments) return createLongText(call.raw ?? "", FOLD_AT.tool, "text code");
  const entries = Object.entries(call.arguments);
  if (!entries.length) return el("div", { class: "quiet" }, "no arguments");
  const rows = entries.flatMap(([name, value]) => [
    el("dt", {}, ...createText(name)),
    el("dd", {}, createLongText(formatJson(value), FOLD_AT.tool, "text code")),
  ]);
  return el("dl", { class: "arguments" }, ...rows);
}

/** @param {Wire.ToolCall} call */
function createCall(call) {
  const status = call.status ?? "executed";
  const head = [
    "Calls ",
    el("strong", {}, ...createText(call.name)),
    el("span", { class: "chip" }, STATUS_NAMES[status]),
  ];
  return el("div", { class: `call ${status}` }, el("div", { class: "label" }, ...head), createArguments(call));
}

/** @param {string} reasoning */
function createReasoning(reasoning) {
  return el(
    "div",
    { class: "reasoning" },
    el("div", { class: "label" }, "Visible reasoning"),
    createLongText(reasoning),
  );
}

/** @param {Wire.Message} message */
function createMessageBody({ role, reasoning, text, tool_calls: calls = [] }) {
  const isTool = role === "tool";
  return [
    reasoning ? createReasoning(reasoning) : "",
    text ? createLongText(text, isTool ? FOLD_AT.tool : FOLD_AT.other, isTool ? "text code" : "text") : "",
    ...calls.map(createCall),
  ];
}

/**
 * One message as an article.
 * @param {Wire.Message} message
 * @param {number} index
 * @param {{ isMarked: boolean, markButton: HTMLElement | null, onclick: () => void }} options
 */
export function createMessage(message, index, { isMarked, markButton, onclick }) {
  const { role, tool } = message;
  const name = role === "tool" && tool ? ["Result of ", el("strong", {}, ...createText(tool))] : [ROLE_NAMES[role]];
  const head = el(
    "div",
    { class: "head" },
    el("span", { class: "number" }, String(index + 1)),
    el("span", { class: "who" }, ...name),
    message.is_error && el("span", { class: "chip" }, "error"),
    markButton,
  );
  const names = ["message", role, message.is_error ? "error" : "", isMarked ? "marked" : ""];
  return el(
    "article",
    {
      class: names.filter(Boolean).join(" "),
      "aria-label": `Message ${index + 1}, ${ROLE_NAMES[role]}`,
      tabindex: "-1",
      onclick,
    },
    head,
    ...createMessageBody(message),
  );
}

/**
 * @param {string} title
 * @param {boolean} open
 * @param {import("../page/dom.js").Child[]} children
 * @param {string} [extraClass]
 */
function createSection(title, open, children, extraClass = "") {
  return el("details", { class: `context ${extraClass}`.trim(), open }, el("summary", {}, title), ...children);
}

/**
 * The parts around the conversation.
 * @param {Wire.Content} content
 * @param {boolean} open unfold them all
 */
export function createSituation({ background, task, rubric, tools = [], memory = [] }, open) {
  const isShort = (background ?? "").length < SHORT_BACKGROUND;
  return dropEmpty([
    background && createSection("Background", open || isShort, [createLongText(background)]),
    task && createSection("Task", true, [createLongText(task)]),
    rubric && createSection("What would count as risky here", true, [createLongText(rubric)], "rubric"),
    tools.length > 0 && createSection(`Tools (${tools.length})`, open, tools.map(createTool)),
    memory.length > 0 &&
      createSection(
        `Memory (${memory.length})`,
        open,
        memory.map((note) => createLongText(note)),
      ),
  ]);
}

/** @param {Wire.ToolSpec} tool */
function createTool({ name, description, parameters = {} }) {
  return el(
    "div",
    { class: "tool" },
    el("strong", {}, ...createText(name)),
    description && createLongText(description, FOLD_AT.tool),
    Object.keys(parameters).length > 0 && createLongText(formatJson(parameters), FOLD_AT.tool, "text code"),
  );
}
