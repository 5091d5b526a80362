// The guideline and the questions' definitions as elements. Of Markdown only headings, lists, bold, italic and code are
// known; all else stays text.

import { el } from "../page/dom.js";

/** @typedef {{ kind: "heading", level: number, text: string } | { kind: "list", items: string[] } | { kind: "text", text: string }} Block */

const MAX_LEVEL = 4;

/**
 * @param {string} source Markdown
 * @returns {Block[]}
 */
export function parseGuideline(source) {
  const blocks = source.replaceAll("\r", "").split(/\n{2,}/);
  return blocks.filter((block) => block.trim()).map(parseBlock);
}

/**
 * @param {string} block
 * @returns {Block}
 */
function parseBlock(block) {
  const heading = block.match(/^(#{1,4})\s+(.*)$/);
  // The page's title is its only heading of the first level.
  if (heading)
    return { kind: "heading", level: Math.min((heading[1] ?? "").length + 1, MAX_LEVEL), text: heading[2] ?? "" };
  if (!/^[-*] /.test(block)) return { kind: "text", text: joinLines(block) };
  const items = block.split(/\n(?=[-*] )/).map((item) => joinLines(item.slice(2)));
  return { kind: "list", items };
}

/** @param {string} text */
function joinLines(text) {
  return text.trim().replace(/\s*\n\s*/g, " ");
}

/**
 * @param {string} text
 * @returns {{ style: "strong" | "em" | "code" | null, text: string }[]}
 */
export function parseInline(text) {
  const parts = text.split(/(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`)/).filter(Boolean);
  return parts.map((part) => {
    if (/^\*\*.+\*\*$/.test(part)) return { style: "strong", text: part.slice(2, -2) };
    if (/^\*.+\*$/.test(part)) return { style: "em", text: part.slice(1, -1) };
    return /^`.+`$/.test(part) ? { style: "code", text: part.slice(1, -1) } : { style: null, text: part };
  });
}

/** @param {string} text */
function createInline(text) {
  return parseInline(text).map((part) => (part.style ? el(part.style, {}, part.text) : part.text));
}

/** @param {Block} block */
function createBlock(block) {
  if (block.kind === "list") return el("ul", {}, ...block.items.map((item) => el("li", {}, ...createInline(item))));
  if (block.kind === "text") return el("p", {}, ...createInline(block.text));
  return el(/** @type {"h2" | "h3" | "h4"} */ (`h${block.level}`), {}, ...createInline(block.text));
}

/** @param {string} source Markdown */
export function createGuideline(source) {
  return parseGuideline(source).map(createBlock);
}

/**
 * What belongs to a question beside its answers: definition and cases.
 * @param {Wire.QuestionPayload} question
 */
export function createQuestionHelp({ definition, examples, counter_examples }) {
  return [
    ...(definition ? [el("p", {}, definition)] : []),
    ...createCases("For example", examples),
    ...createCases("But not", counter_examples),
  ];
}

/**
 * @param {string} title
 * @param {string[]} cases
 */
function createCases(title, cases) {
  if (!cases.length) return [];
  return [el("p", { class: "cases" }, title), el("ul", {}, ...cases.map((text) => el("li", {}, text)))];
}

/**
 * The same, folded; nothing for a question without.
 * @param {Wire.QuestionPayload} question
 * @param {import("../page/dom.js").Props} [props]
 */
export function createFoldedHelp(question, props = {}) {
  const help = createQuestionHelp(question);
  const summary = el("summary", {}, "Definition and examples");
  return help.length ? el("details", { class: "definition", ...props }, summary, ...help) : null;
}
