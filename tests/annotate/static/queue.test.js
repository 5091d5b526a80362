// The queue leads to what is open, from where the person is to the end and then from the beginning.

import assert from "node:assert/strict";
import { test } from "node:test";

const { Queue } = await import("../../../annotate/static/state/queue.js");
const { ItemCache } = await import("../../../annotate/static/state/item_cache.js");

const createQueue = (...done) =>
  new Queue(
    true,
    [..."abcd"].map((token) => [token, done.includes(token)]),
  );

test("the next open item comes after the present one, then from the beginning", () => {
  const queue = createQueue("b", "d");
  assert.equal(queue.findNextOpen(-1), "a");
  assert.equal(queue.findNextOpen(0), "c");
  assert.equal(queue.findNextOpen(2), "a");
  assert.equal(createQueue("a", "b", "d").findNextOpen(2), undefined, "the present one is not the next one");
  assert.equal(createQueue(..."abcd").findNextOpen(0), undefined);
});

test("Back leads to the item before, from the end to the last one, from the first nowhere", () => {
  const queue = createQueue();
  assert.equal(queue.findPrevious("c"), "b");
  assert.equal(queue.findPrevious(undefined), "d");
  assert.equal(queue.findPrevious("a"), undefined);
  assert.equal(new Queue(true).findPrevious(undefined), undefined);
});

test("what is done is counted, and can be taken back", () => {
  const queue = createQueue("a");
  queue.set("b", true);
  assert.deepEqual([queue.nDone, queue.size, queue.isDone("b")], [2, 4, true]);
  queue.set("b", false);
  assert.equal(queue.nDone, 1);
});

test("an item of another queue changes nothing", () => {
  const queue = createQueue();
  queue.set("z", true);
  assert.deepEqual([queue.size, queue.has("z"), queue.nDone], [4, false, 0]);
});

test("new items come at the end, and known ones keep their state", () => {
  const queue = createQueue("a");
  queue.append(["a", "e"], false);
  assert.deepEqual(queue.tokens, ["a", "b", "c", "d", "e"]);
  assert.equal(queue.isDone("a"), true);
});

test("an adjudicator's list knows more than two states", () => {
  const queue = new Queue("settled", [
    ["a", "settled"],
    ["b", "changed"],
    ["c", "open"],
  ]);
  assert.deepEqual([queue.nDone, queue.findNextOpen(-1), queue.findNextOpen(1)], [1, "b", "c"]);
  queue.remove("b");
  assert.deepEqual(queue.tokens, ["a", "c"]);
});

test("the page holds six items and lets go of the oldest that are not in use", () => {
  const cache = new ItemCache();
  for (const token of "abcdef") cache.add({ token }, []);
  cache.add({ token: "g" }, ["a", undefined]);
  assert.deepEqual(
    [..."abcdefg"].filter((token) => cache.has(token)),
    [..."acdefg"],
  );
});
