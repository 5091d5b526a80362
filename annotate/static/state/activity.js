// How long a person is at work: time without a key, pointer or scroll does not count, nor does a page in the background.

const IDLE_MS = 60_000;
const MAX_STEP_MS = 2_000; // a longer step means that the machine slept

export class ActivityClock {
  /** @param {number} now milliseconds, as of performance.now() */
  constructor(now) {
    this.lastTick = now;
    this.lastActive = now;
    this.wasHidden = false;
  }

  /** @param {number} now */
  touch(now) {
    this.lastActive = now;
  }

  /**
   * Active seconds since the tick before.
   * @param {number} now
   * @param {boolean} isHidden whether the page is in the background from now on
   */
  tick(now, isHidden) {
    const step = Math.min(now - this.lastTick, MAX_STEP_MS);
    const counts = !this.wasHidden && now - this.lastActive < IDLE_MS;
    this.lastTick = now;
    this.wasHidden = isHidden;
    return counts ? step / 1_000 : 0;
  }
}
