"""What a person at the desk feels: from the key press to the next transcript on the screen, in a real browser."""

import asyncio
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks.bench_desk import crowd, warm_up
from benchmarks.desk_load import LoadStudy, desk, prepare, write_section
from tests.browser import Served, chromium

OTHERS = 20
LABELS = 40
PAUSE_MS = 500
"""Between two labels of the browser's person: time for the transcript after the next one to come."""
MOST_MS = 150
TITLE = "From the key to the screen"

CLOCK = """
(() => {
  window.painted = [];
  let pressed, heading = "";
  document.addEventListener("keydown", (event) => { if (event.key === "Enter") pressed = performance.now(); }, true);
  function inside(root) {
    for (const node of root.querySelectorAll("*")) {
      if (node.matches("h1")) return node.textContent;
      const found = node.shadowRoot && inside(node.shadowRoot);
      if (found) return found;
    }
  }
  function look() {
    const text = inside(document) || "";
    if (text !== heading && pressed !== undefined) {
      const from = pressed;
      pressed = undefined;
      // a task queued in the frame's callback runs after the frame was painted
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.painted.push(performance.now() - from);
      channel.port2.postMessage(0);
    }
    heading = text;
    requestAnimationFrame(look);
  }
  requestAnimationFrame(look);
})();
"""


@dataclass(frozen=True, slots=True)
class Painted:
    """One sitting in the browser."""

    taken: list[float]
    """Milliseconds from the press of Enter to the frame that shows the next transcript."""
    busy: float
    """The machine's load average at the end."""


def sitting(browser: Browser, server: Served, token: str) -> list[float]:
    """Label LABELS transcripts by keyboard; milliseconds of each."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(CLOCK)
    page.goto(f"{server.address}/join#{token}")
    page.get_by_role("button", name="Start labelling").click()
    page.wait_for_selector(".desk h1")
    page.evaluate("window.painted = []")
    for number in range(1, LABELS + 1):
        page.wait_for_selector(f"h1:text-is('Transcript {number} of {LABELS + 1}')")
        page.wait_for_timeout(PAUSE_MS)
        press(page, "2", "5", "Enter")
    page.wait_for_selector(f"h1:text-is('Transcript {LABELS + 1} of {LABELS + 1}')")
    page.wait_for_selector("text=Saved")
    return [float(milliseconds) for milliseconds in page.evaluate("window.painted")]


def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        page.keyboard.press(key)


def measure() -> Painted:
    """The browser's person among OTHERS who label without a screen, a label each 6 s."""
    with tempfile.TemporaryDirectory() as folder:
        study = prepare(f"{folder}/paint.db", annotators=OTHERS + 1, transcripts=LABELS + 1)
        with desk(study) as server:
            warm_up(server.address, study)
            others = threading.Thread(target=label_along, args=(server, study))
            others.start()
            with chromium() as browser:
                taken = sitting(browser, server, study.tokens[-1])
            others.join()
    return Painted(taken, os.getloadavg()[0])


def label_along(server: Served, study: LoadStudy) -> None:
    """The others, for as long as the browser's person needs."""
    asyncio.run(crowd([server], study, OTHERS, LABELS * (PAUSE_MS + 150) / 1000, is_paced=True))


def main() -> None:
    """Measure and write the page's section."""
    paint = measure()
    p50, p95 = np.percentile(paint.taken, [50, 95])
    print(f"{len(paint.taken)} labels, p50 {p50:.0f} ms, p95 {p95:.0f} ms, load {paint.busy:.1f}")
    text = f"""Headless Chromium, 1280 x 800, SQLite, {OTHERS} others who label every 6 s. From the key that submits to the frame that shows the next
transcript (30 messages, 22 KB), over {len(paint.taken)} labels; the transcript was fetched ahead, and the label travels meanwhile.

| p50 ms | p95 ms | slowest ms | wanted p95 | reached | load |
|---|---|---|---|---|---|
| {p50:.0f} | {p95:.0f} | {max(paint.taken):.0f} | {MOST_MS} | {"yes" if p95 <= MOST_MS else "no"} | {paint.busy:.1f} |
"""
    write_section(Path("docs/bench-desk.md"), TITLE, text)


if __name__ == "__main__":
    main()
