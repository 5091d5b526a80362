// The guideline with the questions' definitions and cases, and a search box over all of it.

import { el } from "../page/dom.js";
import { formatCount } from "../state/text.js";
import { createGuideline, createQuestionHelp } from "./guideline.js";

const CASES_RANK = 9; // below every heading

/**
 * The search box with the text under it; `input` is what takes the focus.
 * @param {Wire.StudyPayload | Wire.AdjudicationStudyPayload} study
 */
export function createSearch(study) {
  const blocks = createBlocks(study);
  const text = el("div", { class: "guideline" }, ...blocks.map((block) => block.cloneNode(true)));
  const count = el("p", { class: "quiet", role: "status", "aria-live": "polite" });
  const input = el("input", {
    type: "search",
    "aria-label": "Search the guideline",
    placeholder: "Search the guideline (key /)",
    autocomplete: "off",
  });
  input.addEventListener("input", () => search(input.value));
  /** @param {string} query */
  function search(query) {
    const words = query.trim().split(/\s+/).filter(Boolean);
    const { nodes, nHits } = findPassages(blocks, words);
    text.replaceChildren(...(words.length ? nodes : blocks.map((block) => block.cloneNode(true))));
    count.textContent = !words.length ? "" : nHits ? formatCount(nHits, "passage") : "Nothing found.";
  }
  return { input, node: el("div", { class: "search" }, el("div", { class: "searchbox" }, input, count), text) };
}

/**
 * @param {Wire.StudyPayload | Wire.AdjudicationStudyPayload} study
 * @returns {HTMLElement[]}
 */
function createBlocks({ guideline, questions }) {
  const details = questions.flatMap((question) => [el("h3", {}, question.text), ...createQuestionHelp(question)]);
  return [...createGuideline(guideline), el("h2", {}, "The questions in detail"), ...details];
}

/**
 * How deep a heading stands; 0 for what is none.
 * @param {Element} node
 */
function rankHeading(node) {
  return node.classList.contains("cases") ? CASES_RANK : Number(node.localName.match(/^h(\d)$/)?.[1] ?? 0);
}

/** @param {string} word */
function escapeForPattern(word) {
  return word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/**
 * Blocks in which every word occurs, under the headings that they stand under.
 * @param {HTMLElement[]} blocks
 * @param {string[]} words
 */
function findPassages(blocks, words) {
  /** @type {Element[]} */
  const nodes = [];
  /** @type {Element[]} */
  let headings = []; // of the block at hand, from the outermost to its own; those that are shown already are taken out
  let nHits = 0;
  for (const block of blocks) {
    const copy = /** @type {Element} */ (block.cloneNode(true));
    const rank = rankHeading(copy);
    if (rank) headings = [...headings.filter((heading) => rankHeading(heading) < rank), copy];
    const n = rank === CASES_RANK ? 0 : keepHits(copy, words);
    if (!n) continue;
    nodes.push(...headings.splice(0), ...(rank ? [] : [copy]));
    nHits += n;
  }
  for (const node of nodes) highlight(node, new RegExp(words.map(escapeForPattern).join("|"), "giu"));
  return { nodes, nHits };
}

/**
 * How often a block says all the words; a list keeps only the lines that do.
 * @param {Element} block
 * @param {string[]} words
 */
function keepHits(block, words) {
  const hasAll = (/** @type {Element} */ node) =>
    words.every((word) => new RegExp(escapeForPattern(word), "iu").test(node.textContent ?? ""));
  if (block.localName !== "ul") return hasAll(block) ? 1 : 0;
  for (const line of [...block.children]) if (!hasAll(line)) line.remove();
  return block.children.length;
}

/**
 * @param {Node} node
 * @param {RegExp} pattern
 */
function highlight(node, pattern) {
  if (!(node instanceof Text)) {
    for (const child of [...node.childNodes]) highlight(child, pattern);
    return;
  }
  const parts = [];
  let from = 0;
  for (const match of node.data.matchAll(pattern)) {
    parts.push(node.data.slice(from, match.index), el("mark", {}, match[0]));
    from = match.index + match[0].length;
  }
  if (parts.length) node.replaceWith(...parts.filter((part) => part !== ""), node.data.slice(from));
}
