// What a person did waits here, and in the browser's own store, until the server says that it is kept. It is sent again
// until then, so every operation has to be idempotent.

import { buildMessage, upgradeOperation } from "./messages.js";

const RESEND_MS = 4_000;
const DRAFT_MS = 600;
const MAX_FOREIGN = 200;

/** @template {import("./messages.js").Operation} T */
export class Outbox {
  /** @param {string} storeKey where the browser keeps what is not acknowledged */
  constructor(storeKey) {
    this.storeKey = storeKey;
    /** @type {Map<string, T>} */
    this.waiting = new Map(); // operations without an acknowledgement, by id
    /** @type {T[]} */
    this.foreign = []; // operations of another person who uses this browser
    /** @type {Set<string>} */
    this.awaited = new Set(); // tokens of items that were asked for
    this.begin = false; // a fresh opening is asked for
    this.stage = "";
    this.number = 0;
    this.isRecovered = false; // what an earlier page left in the store has been looked at
    /** @type {(message: object) => void} */
    this.send = () => {};
    this.onResend = () => {};
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.draftTimer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resendTimer = undefined;
  }

  get isIdle() {
    return !this.waiting.size && !this.awaited.size && !this.begin;
  }

  /** @param {T} operation */
  add(operation) {
    this.waiting.set(operation.id, operation);
    this.store();
  }

  /**
   * Whether an operation of this kind waits, on this item or on any.
   * @param {T["op"]} op
   * @param {string} [token]
   */
  has(op, token) {
    return [...this.waiting.values()].some((one) => one.op === op && (token === undefined || one.token === token));
  }

  /** @param {string} id of an operation that was acknowledged */
  settle(id) {
    if (this.waiting.delete(id)) this.store();
  }

  /** @param {T} operation kept for whomever it belongs to */
  setAside(operation) {
    this.foreign.push(operation);
    this.store();
  }

  /** @param {(operation: T) => boolean} test */
  drop(test) {
    for (const [id, operation] of this.waiting) if (test(operation)) this.waiting.delete(id);
  }

  /** Send what waits once the person pauses: a draft for every key press would be many. */
  flushSoon() {
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.flush(), DRAFT_MS);
  }

  flush(force = false) {
    clearTimeout(this.draftTimer);
    if (this.isIdle && !force) return;
    this.store();
    this.number += 1;
    const { number, awaited, begin, stage } = this;
    this.send(buildMessage({ number, operations: this.waiting.values(), wanted: awaited, begin, stage }));
    this.watch();
  }

  /** @param {string} token of an item that is to come with the next answer */
  request(token) {
    this.awaited.add(token);
    this.flush(true);
  }

  /** Ask for study and queue again, perhaps for another part of the study. */
  reopen(stage = "") {
    this.begin = true;
    this.stage = stage;
    this.flush();
  }

  confirmOpening() {
    this.begin = false;
    this.stage = "";
  }

  /** Send again unless an answer comes in time. */
  watch() {
    clearTimeout(this.resendTimer);
    if (this.isIdle) return;
    this.resendTimer = setTimeout(() => {
      if (this.isIdle) return;
      this.onResend();
      this.flush();
    }, RESEND_MS);
  }

  store() {
    const operations = [...this.foreign, ...this.waiting.values()];
    try {
      if (operations.length) localStorage.setItem(this.storeKey, JSON.stringify(operations));
      // Before an earlier page's operations are recovered, the store is theirs, and an empty outbox must not clear it.
      else if (this.isRecovered) localStorage.removeItem(this.storeKey);
    } catch {
      // A full or forbidden store: the operations live in memory then.
    }
  }

  /**
   * Take back what an earlier page could not deliver; says whether there was any. What somebody else left in this
   * browser stays for them.
   * @param {(operation: T) => boolean} isOurs
   */
  recover(isOurs) {
    this.isRecovered = true;
    const operations = this.readStore();
    this.foreign = operations.filter((operation) => !isOurs(operation)).slice(-MAX_FOREIGN);
    for (const operation of operations.filter(isOurs)) this.waiting.set(operation.id, operation);
    this.store();
    return this.waiting.size > 0;
  }

  /** @returns {T[]} */
  readStore() {
    try {
      const stored = JSON.parse(localStorage.getItem(this.storeKey) || "[]");
      return Array.isArray(stored) ? stored.filter(Boolean).map(upgradeOperation) : [];
    } catch {
      return []; // a forbidden store, or one that somebody wrote other things into
    }
  }

  close() {
    clearTimeout(this.resendTimer);
    clearTimeout(this.draftTimer);
  }
}
