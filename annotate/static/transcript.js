// How text and transcripts become elements. Whatever comes from a transcript becomes a text node; nothing here parses it as HTML.

const FOLD_AT = { tool: 1_500, other: 4_000 };
const PREVIEW = 900;
const PIECE = 100_000;
export const ROLES = { system: "System", user: "User", assistant: "Agent", tool: "Tool result" };
const STATUS = { executed: "executed", rejected: "rejected by the tool", attempted: "attempted, never ran" };
// Characters that hide or reorder text: control codes, bidi controls, zero-width and tag characters.
const UNSEEN =
  /([\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}])\1*/gu;

export function el(name, props = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function kbd(key) {
  return key ? el("kbd", { "aria-hidden": "true" }, key === "Enter" ? "↵" : key) : "";
}

// getRandomValues, not randomUUID: the latter is missing on plain http from another machine.
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function size(text) {
  const bytes = text.length;
  if (bytes < 1_000) return `${bytes} characters`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function codePoints(run) {
  const points = [...run];
  const name = `U+${points[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  return points.length > 1 ? `⟨${name} ×${points.length}⟩` : `⟨${name}⟩`;
}

// Text nodes, with invisible characters made visible.
export function shown(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    parts.push(text.slice(from, match.index), el("span", { class: "unseen" }, codePoints(match[0])));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== "");
}

export function cut(text, at) {
  const code = text.charCodeAt(at - 1);
  return at < text.length && code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}

export function longText(text, limit, className = "text") {
  if (text.length <= limit) return el("div", { class: className, dir: "auto" }, ...shown(text));
  let end = cut(text, PREVIEW);
  const box = el("div", { class: className, dir: "auto" }, ...shown(text.slice(0, end)));
  const button = el("button", { type: "button", class: "more", "data-fold": true, onclick: more });
  function label() {
    const left = text.length - end;
    button.textContent = left > PIECE ? `Show the next 100 KB of ${size(text)}` : `Show all (${size(text)})`;
    if (left <= 0) button.remove();
  }
  function more() {
    const next = cut(text, Math.min(end + PIECE, text.length));
    box.append(...shown(text.slice(end, next)));
    end = next;
    label();
  }
  label();
  return el("div", {}, box, button);
}

export function jsonText(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

export function argumentList(call) {
  const entries = Object.entries(call.arguments ?? {});
  if (!call.arguments) return longText(call.raw || "", FOLD_AT.tool, "text code");
  if (!entries.length) return el("div", { class: "quiet" }, "no arguments");
  const rows = entries.flatMap(([name, value]) => [
    el("dt", {}, ...shown(name)), el("dd", {}, longText(jsonText(value), FOLD_AT.tool, "text code"))]);
  return el("dl", { class: "arguments" }, ...rows);
}

export function callBlock(call) {
  const status = call.status || "executed";
  return el("div", { class: `call ${status}` },
    el("div", { class: "label" }, "Calls ", el("strong", {}, ...shown(call.name)),
      el("span", { class: "chip" }, STATUS[status] || status)),
    argumentList(call));
}

export function messageBody(message) {
  const limit = message.role === "tool" ? FOLD_AT.tool : FOLD_AT.other;
  return [
    message.reasoning ? el("div", { class: "reasoning" }, el("div", { class: "label" }, "Visible reasoning"),
      longText(message.reasoning, FOLD_AT.other)) : "",
    message.text ? longText(message.text, limit, message.role === "tool" ? "text code" : "text") : "",
    ...(message.tool_calls || []).map(callBlock),
  ];
}

// One message as an article; `mark` is a control for its head, if any.
export function messageArticle(message, index, { marked = false, mark = "", onclick = null } = {}) {
  const role = ROLES[message.role] || message.role;
  const name = message.role === "tool" && message.tool ? ["Result of ", el("strong", {}, ...shown(message.tool))] : [role];
  return el("article", { class: `message ${message.role}${message.is_error ? " error" : ""}${marked ? " marked" : ""}`,
    "aria-label": `Message ${index + 1}, ${role}`, tabindex: "-1", onclick },
  el("div", { class: "head" }, el("span", { class: "number" }, String(index + 1)), el("span", { class: "who" }, ...name),
    message.is_error ? el("span", { class: "chip" }, "error") : "", mark), ...messageBody(message));
}

export function section(title, open, ...children) {
  return el("details", { class: "context", open }, el("summary", {}, title), ...children);
}

// The parts around the conversation; `open` unfolds them all.
export function situation(content, open = false) {
  const parts = [];
  const text = (value) => longText(value, FOLD_AT.other);
  if (content.background) parts.push(section("Background", open || content.background.length < 600, text(content.background)));
  if (content.task) parts.push(section("Task", true, text(content.task)));
  if (content.rubric) {
    const rubric = section("What would count as risky here", true, text(content.rubric));
    rubric.classList.add("rubric");
    parts.push(rubric);
  }
  if (content.tools?.length) parts.push(section(`Tools (${content.tools.length})`, open, ...content.tools.map(toolBlock)));
  if (content.memory?.length) parts.push(section(`Memory (${content.memory.length})`, open, ...content.memory.map(text)));
  return parts;
}

export function toolBlock(tool) {
  const parameters = tool.parameters && Object.keys(tool.parameters).length ? tool.parameters : null;
  return el("div", { class: "tool" }, el("strong", {}, ...shown(tool.name)),
    tool.description ? longText(tool.description, FOLD_AT.tool) : "",
    parameters ? longText(jsonText(parameters), FOLD_AT.tool, "text code") : "");
}

// A small part of Markdown, for the guideline only: headings, lists, bold, italic, code.
export function guidelineNodes(source) {
  const nodes = [];
  for (const block of source.replaceAll("\r", "").split(/\n{2,}/)) {
    const heading = block.match(/^(#{1,4})\s+(.*)$/);
    if (heading) nodes.push(el(`h${Math.min(heading[1].length + 1, 4)}`, {}, ...inline(heading[2])));
    else if (/^[-*] /.test(block)) {
      nodes.push(el("ul", {}, ...block.split(/\n(?=[-*] )/).map((line) =>
        el("li", {}, ...inline(line.slice(2).replace(/\s*\n\s*/g, " "))))));
    } else if (block.trim()) nodes.push(el("p", {}, ...inline(block.trim().replace(/\s*\n\s*/g, " "))));
  }
  return nodes;
}

export function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`)/).map((part) => {
    if (/^\*\*.+\*\*$/.test(part)) return el("strong", {}, part.slice(2, -2));
    if (/^\*.+\*$/.test(part)) return el("em", {}, part.slice(1, -1));
    return /^`.+`$/.test(part) ? el("code", {}, part.slice(1, -1)) : part;
  });
}

export function button(text, key, action, props = {}) {
  // A mouse press must not take the focus: Enter would then press the button again instead of submitting.
  return el("button", { type: "button", "aria-keyshortcuts": key || undefined, onclick: action,
    onmousedown: (event) => event.preventDefault(), ...props }, text, " ", kbd(key));
}
