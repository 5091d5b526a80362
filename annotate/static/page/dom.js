// Makes elements. Text always becomes a text node: nothing here parses it as HTML.

/** @typedef {string | Node | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => unknown)>} Props */

const MAX_JUMPS = 12;

/**
 * An element; props that start with "on" become listeners, the others attributes (true: present, false and null: not).
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Props} [props]
 * @param {Child[]} children
 */
export function el(name, props = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(key.slice("on".length), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...dropEmpty(children));
  return node;
}

/**
 * @param {Child[]} children
 * @returns {(string | Node)[]}
 */
export function dropEmpty(children) {
  return /** @type {(string | Node)[]} */ (children.filter((child) => child));
}

/** @param {string | undefined} key */
export function kbd(key) {
  return key ? el("kbd", { "aria-hidden": "true" }, key === "Enter" ? "↵" : key) : "";
}

/**
 * A button that says its key.
 * @param {string} text
 * @param {string | undefined} key
 * @param {() => unknown} action
 * @param {Props} [props]
 */
export function button(text, key, action, props = {}) {
  // A mouse press must not take the focus: Enter would then press the button again instead of submitting.
  const keepFocus = (/** @type {Event} */ event) => event.preventDefault();
  const base = { type: "button", "aria-keyshortcuts": key || undefined, onclick: action, onmousedown: keepFocus };
  return el("button", { ...base, ...props }, text, " ", kbd(key));
}

/**
 * The elements below `root` that match, as elements of HTML.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
export function findAll(root, selector) {
  return [...root.querySelectorAll(selector)].filter((node) => node instanceof HTMLElement);
}

/**
 * Show which of some buttons are chosen.
 * @param {ParentNode} root
 * @param {string} selector
 * @param {(node: HTMLElement) => boolean} isChosen
 */
export function setPressed(root, selector, isChosen) {
  for (const node of findAll(root, selector)) node.setAttribute("aria-pressed", String(isChosen(node)));
}

/**
 * Buttons that lead to messages, by their numbers.
 * @param {Iterable<number>} indexes
 * @param {(index: number) => void} moveTo
 * @param {string} [whose] said to a screen reader before the number
 */
export function createJumpButtons(indexes, moveTo, whose = "") {
  const sorted = [...indexes].sort((a, b) => a - b).slice(0, MAX_JUMPS);
  const label = (/** @type {number} */ index) => `${whose ? `${whose}: go` : "Go"} to message ${index + 1}`;
  return sorted.map((index) =>
    button(`#${index + 1}`, "", () => moveTo(index), { class: "jump", "aria-label": label(index) }),
  );
}
