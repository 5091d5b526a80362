// Seconds count while somebody is there, and not otherwise.

import assert from "node:assert/strict";
import { test } from "node:test";

const { ActivityClock } = await import("../../../annotate/static/state/activity.js");

/** Seconds of a tick each second from `from` to `to`, both in seconds. */
function count(clock, from, to, isHidden = false) {
  let seconds = 0;
  for (let now = from + 1; now <= to; now += 1) seconds += clock.tick(now * 1_000, isHidden);
  return seconds;
}

test("of five minutes without a key, one counts", () => {
  const clock = new ActivityClock(0);
  const seconds = count(clock, 0, 300);
  assert.ok(seconds >= 59 && seconds <= 60, `${seconds}`);
});

test("whoever moves now and then is there all the time", () => {
  const clock = new ActivityClock(0);
  let seconds = 0;
  for (let minute = 0; minute < 5; minute += 1) {
    clock.touch(minute * 50_000);
    seconds += count(clock, minute * 50, (minute + 1) * 50);
  }
  assert.equal(seconds, 250);
});

test("a page in the background does not count, from the moment on that it is hidden", () => {
  const clock = new ActivityClock(0);
  assert.equal(clock.tick(1_000, true), 1);
  assert.equal(count(clock, 1, 10, true), 0);
  assert.equal(clock.tick(11_000, false), 0);
  assert.equal(clock.tick(12_000, false), 1);
});

test("a machine that slept for an hour has not worked for one", () => {
  const clock = new ActivityClock(0);
  clock.touch(3_600_000);
  assert.equal(clock.tick(3_600_000, false), 2);
});
