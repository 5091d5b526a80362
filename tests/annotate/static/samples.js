// What a browser has and Node.js may lack, and small samples of what the server sends.

import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node.js 18 keeps it in a module

/** A browser's own store, for as long as one test. */
export class MemoryStore {
  entries = new Map();

  getItem(key) {
    return this.entries.get(key) ?? null;
  }

  setItem(key, text) {
    this.entries.set(key, text);
  }

  removeItem(key) {
    this.entries.delete(key);
  }
}

/** A fresh store in the place of the browser's. */
export function installStore() {
  const store = new MemoryStore();
  Object.defineProperty(globalThis, "localStorage", { value: store, configurable: true });
  return store;
}

/** A store that refuses everything, as a browser's private mode may. */
export function installForbiddenStore() {
  const get = () => {
    throw new Error("forbidden");
  };
  Object.defineProperty(globalThis, "localStorage", { get, configurable: true });
}

/** A clock that a test moves on; node:test has one, of another interface in each version. */
export class FakeTimers {
  now = 0;
  nextId = 1;
  timers = new Map();

  install() {
    globalThis.setTimeout = (action, delay = 0) => {
      this.timers.set(this.nextId, { action, at: this.now + delay });
      return this.nextId++;
    };
    globalThis.clearTimeout = (id) => this.timers.delete(id);
  }

  /** Let time pass; whatever is due is done, in order. */
  tick(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort(([, one], [, other]) => one.at - other.at)[0];
      if (!due) break;
      const [id, { action, at }] = due;
      this.timers.delete(id);
      this.now = at;
      action();
    }
    this.now = end;
  }
}

const OLD_LABEL_FIELD = "reading";

/** An operation as an earlier version of the page left it in the browser's store. */
export function createOldOperation({ label, ...rest }) {
  return { ...rest, [OLD_LABEL_FIELD]: label };
}

const answers = (...values) => values.map((value) => ({ value, label: value.toUpperCase() }));
const question = (id, more) => ({
  id,
  text: `${id}?`,
  optional: false,
  asked_when: {},
  needs_reasoning: false,
  ...more,
});

/** A study of three questions: the second is about the reasoning, the third optional and asked after a yes alone. */
export function createStudy(more = {}) {
  return {
    title: "Reading agents",
    notice: "",
    is_open: true,
    guideline: "",
    unit: "transcript",
    questions: [
      question("risky", { answers: answers("yes", "no") }),
      question("considered", { answers: answers("yes", "no"), needs_reasoning: true }),
      question("class", { answers: answers("misuse", "other"), optional: true, asked_when: { risky: ["yes"] } }),
    ],
    actions: {},
    pause_every: 20,
    reasoning_after: null,
    is_shared: false,
    ...more,
  };
}

export function createItemPayload(more = {}) {
  return {
    token: "token-1",
    content: { messages: [{ role: "user", text: "hello" }] },
    withheld: false,
    fixed: {},
    answers: {},
    evidence: [],
    confidence: null,
    note: "",
    contested: false,
    revision: 0,
    ...more,
  };
}

export function createOpening(more = {}) {
  return {
    study: createStudy(),
    stage: { name: "main", has_discussion: false, qualification: null },
    result: null,
    queue: [
      ["a", false],
      ["b", false],
      ["c", false],
    ],
    own_seconds: [],
    guess_tokens: [],
    ...more,
  };
}

export function createDisputedPayload(more = {}) {
  return {
    token: "token-1",
    content: { messages: [] },
    questions: [{ id: "risky", answers: ["yes", "no"], revision: 0, decision: null, has_changed: false }],
    notes: [],
    evidence: [2],
    contested: false,
    version: "v1",
    ...more,
  };
}
