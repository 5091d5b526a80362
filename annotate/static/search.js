// The guideline with the questions' definitions and cases, and a search box over all of it.

import { el, guidelineNodes } from "./transcript.js";

const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// What belongs to a question beside its answers, as elements.
export function questionHelp(question) {
  const list = (title, cases) => cases.length ? [el("p", { class: "cases" }, title), el("ul", {}, ...cases.map((one) => el("li", {}, one)))] : [];
  return [question.definition ? el("p", {}, question.definition) : "", ...list("For example", question.examples),
    ...list("But not", question.counter_examples)].filter(Boolean);
}

function blocks(study) {
  const asked = study.questions.flatMap((question) => [el("h3", {}, question.text), ...questionHelp(question)]);
  return [...guidelineNodes(study.guideline), el("h2", {}, "The questions in detail"), ...asked];
}

// The search box and the text under it; `input` is what takes the focus.
export function searchable(study) {
  const whole = blocks(study);
  const text = el("div", { class: "guideline" }, ...whole.map((node) => node.cloneNode(true)));
  const count = el("p", { class: "quiet", role: "status", "aria-live": "polite" }, "");
  const input = el("input", { type: "search", "aria-label": "Search the guideline", placeholder: "Search the guideline (key /)",
    autocomplete: "off", oninput: () => find(input.value) });
  function find(query) {
    const words = query.trim().split(/\s+/).filter(Boolean);
    const { nodes, hits } = words.length ? matching(whole, words) : { nodes: whole.map((node) => node.cloneNode(true)), hits: 0 };
    text.replaceChildren(...nodes);
    count.textContent = !words.length ? "" : hits ? `${hits} ${hits === 1 ? "passage" : "passages"}` : "Nothing found.";
  }
  return { input, node: el("div", { class: "search" }, el("div", { class: "searchbox" }, input, count), text) };
}

const CASES = 9;

// How deep a heading stands; 0 for what is none.
function rankOf(node) {
  return node.classList.contains("cases") ? CASES : Number(node.localName.match(/^h(\d)$/)?.[1] ?? 0);
}

// Blocks in which every word occurs, under the headings that they stand under.
function matching(whole, words) {
  const nodes = [];
  const headings = [];
  let hits = 0;
  const has = (node) => words.every((word) => new RegExp(escaped(word), "iu").test(node.textContent));
  const put = (node, n) => {
    nodes.push(...headings.splice(0), node);
    hits += n;
  };
  for (const node of whole) {
    const copy = node.cloneNode(true);
    const rank = rankOf(node);
    if (rank) {
      while (headings.length && rankOf(headings.at(-1)) >= rank) headings.pop();
      headings.push(copy);
      if (rank < CASES && has(copy)) put(headings.pop(), 1);
    } else if (node.localName === "ul") {
      for (const line of [...copy.children]) if (!has(line)) line.remove();
      if (copy.children.length) put(copy, copy.children.length);
    } else if (has(copy)) put(copy, 1);
  }
  for (const node of nodes) highlight(node, new RegExp(words.map(escaped).join("|"), "giu"));
  return { nodes, hits };
}

function highlight(node, pattern) {
  if (node.nodeType === Node.TEXT_NODE) {
    const parts = [];
    let from = 0;
    for (const match of node.data.matchAll(pattern)) {
      parts.push(node.data.slice(from, match.index), el("mark", {}, match[0]));
      from = match.index + match[0].length;
    }
    if (parts.length) node.replaceWith(...parts.filter((part) => part !== ""), node.data.slice(from));
  } else for (const child of [...node.childNodes]) highlight(child, pattern);
}
