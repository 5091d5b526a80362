// What a text from a transcript looks like before it becomes elements: hidden characters made visible, long texts cut.

export const PREVIEW_LENGTH = 900;
export const PIECE_LENGTH = 100_000;

// Characters that hide or reorder text: control codes, bidi controls, zero-width and tag characters.
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to look for
  /([\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}])\1*/gu;

/**
 * The text in pieces; runs of an invisible character are written out as code points.
 * @param {string} text
 * @returns {{ text: string, isInvisible: boolean }[]}
 */
export function splitInvisible(text) {
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(INVISIBLE)) {
    pieces.push({ text: text.slice(from, match.index), isInvisible: false });
    pieces.push({ text: formatCodePoints(match[0]), isInvisible: true });
    from = match.index + match[0].length;
  }
  pieces.push({ text: text.slice(from), isInvisible: false });
  return pieces.filter((piece) => piece.text !== "");
}

/** @param {string} run of one character, e.g. ⟨U+200B ×3⟩ */
export function formatCodePoints(run) {
  const points = [...run];
  const name = `U+${(run.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  return points.length > 1 ? `⟨${name} ×${points.length}⟩` : `⟨${name}⟩`;
}

/** @param {string} text */
export function formatSize(text) {
  const { length } = text;
  if (length < 1_000) return `${length} characters`;
  return length < 1_000_000 ? `${Math.round(length / 1_000)} KB` : `${(length / 1_000_000).toFixed(1)} MB`;
}

/**
 * Where to cut a text near `index`: never between the halves of a surrogate pair.
 * @param {string} text
 * @param {number} index
 */
export function findCut(text, index) {
  const code = text.charCodeAt(index - 1);
  const isFirstHalf = code >= 0xd800 && code <= 0xdbff;
  return index < text.length && isFirstHalf ? index - 1 : Math.min(index, text.length);
}

/** @param {unknown} value */
export function formatJson(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/**
 * E.g. "1 message", "3 messages".
 * @param {number} n
 * @param {string} noun
 */
export function formatCount(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
