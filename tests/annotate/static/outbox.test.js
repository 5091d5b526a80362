// The outbox loses nothing, sends again what nobody acknowledged, and leaves alone what belongs to somebody else.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { createOldOperation, FakeTimers, installForbiddenStore, installStore } from "./samples.js";

const { Outbox } = await import("../../../annotate/static/state/outbox.js");
const KEY = "outbox";

let store;
let sent;
let timers;

function createOutbox() {
  const outbox = new Outbox(KEY);
  outbox.send = (message) => sent.push(message);
  return outbox;
}

const submit = (id, token = "token-1") => ({ id, op: "submit", token, label: { answers: {} } });
const draft = (id, token = "token-1") => ({ ...submit(id, token), op: "draft" });
const stored = () => JSON.parse(store.getItem(KEY) ?? "[]").map(({ id }) => id);

beforeEach(() => {
  timers = new FakeTimers();
  timers.install();
  store = installStore();
  sent = [];
});

test("an operation waits in the browser's store until it is acknowledged", () => {
  const outbox = createOutbox();
  outbox.recover(() => true);
  outbox.add(submit("one"));
  assert.deepEqual(stored(), ["one"]);
  outbox.flush();
  assert.deepEqual(stored(), ["one"]);
  outbox.settle("one");
  assert.equal(store.getItem(KEY), null);
  assert.equal(outbox.isIdle, true);
});

test("every message repeats what was not acknowledged, under a new number", () => {
  const outbox = createOutbox();
  outbox.add(submit("one"));
  outbox.flush();
  outbox.add(submit("two", "token-2"));
  outbox.flush();
  assert.deepEqual(
    sent.map(({ number, operations }) => [number, operations.map(({ id }) => id)]),
    [
      [1, ["one"]],
      [2, ["one", "two"]],
    ],
  );
});

test("without an answer it sends again every four seconds and says so; with one it stops", () => {
  const outbox = createOutbox();
  outbox.onResend = mock.fn();
  outbox.add(submit("one"));
  outbox.flush();
  timers.tick(4_000);
  timers.tick(4_000);
  assert.equal(sent.length, 3);
  assert.equal(outbox.onResend.mock.callCount(), 2);
  outbox.settle("one");
  timers.tick(8_000);
  assert.equal(sent.length, 3);
});

test("quick changes become one message", () => {
  const outbox = createOutbox();
  for (const id of ["one", "two", "three"]) {
    outbox.drop(({ op }) => op === "draft");
    outbox.add(draft(id));
    outbox.flushSoon();
    timers.tick(100);
  }
  timers.tick(600);
  assert.deepEqual(
    sent.map(({ operations }) => operations.map(({ id }) => id)),
    [["three"]],
  );
});

test("nothing is sent while there is nothing to say, unless a person asks for it", () => {
  const outbox = createOutbox();
  outbox.flush();
  assert.equal(sent.length, 0);
  outbox.flush(true);
  assert.equal(sent.length, 1);
});

test("an item is asked for until it has come", () => {
  const outbox = createOutbox();
  outbox.request("token-2");
  assert.deepEqual(sent[0].wanted, ["token-2"]);
  assert.equal(outbox.isIdle, false);
  outbox.awaited.delete("token-2");
  assert.equal(outbox.isIdle, true);
});

test("a fresh opening is asked for with its stage until it is confirmed", () => {
  const outbox = createOutbox();
  outbox.reopen("discussion");
  assert.deepEqual([sent[0].begin, sent[0].stage], [true, "discussion"]);
  outbox.confirmOpening();
  outbox.flush(true);
  assert.deepEqual([sent[1].begin, "stage" in sent[1]], [false, false]);
});

test("it knows which kinds of operation wait, on one item and on any", () => {
  const outbox = createOutbox();
  outbox.add(submit("one", "token-1"));
  assert.deepEqual(
    [outbox.has("submit"), outbox.has("submit", "token-1"), outbox.has("submit", "token-2"), outbox.has("draft")],
    [true, true, false, false],
  );
});

test("what an earlier page left is taken back, and what somebody else left stays for them", () => {
  store.setItem(KEY, JSON.stringify([submit("mine", "my-token"), submit("theirs", "their-token")]));
  const outbox = createOutbox();
  assert.equal(
    outbox.recover(({ token }) => token === "my-token"),
    true,
  );
  assert.deepEqual([...outbox.waiting.keys()], ["mine"]);
  outbox.settle("mine");
  assert.deepEqual(stored(), ["theirs"]);
});

test("an operation set aside stays in the store when everything else is acknowledged", () => {
  const outbox = createOutbox();
  outbox.recover(() => true);
  outbox.add(submit("foreign"));
  const [operation] = outbox.waiting.values();
  outbox.settle("foreign");
  outbox.setAside(operation);
  assert.deepEqual(stored(), ["foreign"]);
  assert.equal(outbox.isIdle, true);
});

test("an empty outbox does not clear the store before it was looked at", () => {
  store.setItem(KEY, JSON.stringify([submit("unsent")]));
  const outbox = createOutbox();
  outbox.store();
  assert.deepEqual(stored(), ["unsent"]);
});

test("labels that an earlier version of the page could not deliver are sent in today's form", () => {
  const operation = { ...submit("old"), label: { answers: {}, note: "kept" } };
  store.setItem(KEY, JSON.stringify([createOldOperation(operation)]));
  const outbox = createOutbox();
  outbox.recover(() => true);
  outbox.flush();
  assert.deepEqual(sent[0].operations, [operation]);
});

for (const text of ["no JSON", '{"id": 1}', "[null]"]) {
  test(`a store that holds ${text} is an empty one`, () => {
    store.setItem(KEY, text);
    assert.equal(
      createOutbox().recover(() => true),
      false,
    );
  });
}

test("where the store is forbidden, operations live in memory", () => {
  installForbiddenStore();
  const outbox = createOutbox();
  assert.equal(
    outbox.recover(() => true),
    false,
  );
  outbox.add(submit("one"));
  outbox.flush();
  assert.equal(sent.length, 1);
});

test("a closed outbox sends nothing more", () => {
  const outbox = createOutbox();
  outbox.add(draft("one"));
  outbox.flushSoon();
  outbox.close();
  timers.tick(10_000);
  assert.equal(sent.length, 0);
});
