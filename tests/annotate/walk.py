"""Labels a whole queue inside the browser, one transcript after the other, as fast as the desk goes on by itself."""

from typing import Any

from playwright.sync_api import Page

from tests.annotate.desks import SHADOW

WALK = """async ([total, keys]) => {
  const shadow = %(shadow)s, state = shadow.querySelector(".state"), seen = [], early = [];
  let number = 1;
  const until = async (test) => {
    for (const end = performance.now() + 60000; !test();) {
      if (performance.now() > end) throw new Error([test, shadow.querySelector("h1")?.textContent, state.textContent,
        shadow.querySelector(".count")?.textContent, number].join(" | "));
      await new Promise((done) => setTimeout(done, 3));
    }
  };
  const isKept = () => (localStorage.getItem("secondreader.outbox") ?? "").includes('"op":"submit"');
  const watch = new MutationObserver(() => state.textContent === "Saved" && isKept() && early.push(number));
  watch.observe(state, { childList: true, characterData: true, subtree: true });
  const press = (name) => document.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
  %(look)s
  for (; number <= total; number++) {
    const start = `Transcript ${number} of ${total}`;
    await until(() => shadow.querySelector("h1")?.textContent === start);
    seen.push(await look(shadow, until));
    for (const name of [...keys, "Enter"]) press(name);
  }
  await until(() => shadow.querySelector("h1").textContent.startsWith("All transcripts are labelled"));
  await until(() => state.textContent === "Saved");
  watch.disconnect();
  return [seen, early];
}"""


def walked(page: Page, total: int, look: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """What `look` finds at each transcript; meanwhile nothing may be called saved before all that was sent is.

    `look` defines a function `look(shadow, until)` in JavaScript.
    """
    script = WALK % {"shadow": SHADOW, "look": look}
    found, early = page.evaluate(script, [total, list(keys)])
    assert early == [], "called saved while the browser still keeps a label that is not"
    seen: list[dict[str, Any]] = found
    return seen
