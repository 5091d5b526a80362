"""Hostile words in a real Chromium: two hundred transcripts, one after the other, and every other place that shows what somebody wrote."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from secondreader.db.core.codebook import Answer, Codebook, Question
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.core.records import update_study
from secondreader.db.design.studies import get_study
from tests.annotate.desks import SHADOW, SharedDesk, entered, stored
from tests.annotate.hostile import ELSEWHERE, corpus, one_each
from tests.annotate.seed import content
from tests.annotate.walk import walked
from tests.browser import Recorder, appears

pytestmark = pytest.mark.browser
OWN_TAGS = frozenset(
    [
        "article",
        "aside",
        "button",
        "code",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "header",
        "input",
        "kbd",
        "label",
        "li",
        "link",
        "main",
        "p",
        "progress",
        "section",
        "span",
        "strong",
        "summary",
        "textarea",
        "ul",
    ]
)
"""Elements that the desk itself makes."""
LOOK = """
const look = async (shadow, until) => {
  const box = (node) => { const b = node.getBoundingClientRect(); return [b.x, b.y, b.width, b.height].map(Math.round); };
  await until(() => shadow.querySelector("article"));
  shadow.querySelector(".banner button")?.click();
  for (const one of shadow.querySelectorAll("[data-fold]")) one.click();
  for (const one of shadow.querySelectorAll(".log details")) one.open = true;
  const submit = shadow.querySelector(".panel .primary"), b = submit.getBoundingClientRect();
  const style = getComputedStyle(shadow.querySelector(".panel"));
  return {
    boxes: [".bar", ".panel", ".scroll", ".panel .primary"].map((one) => box(shadow.querySelector(one))),
    style: [style.color, style.backgroundColor, style.visibility, style.position, style.opacity],
    onTop: submit.contains(shadow.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)),
    outside: [document.querySelectorAll("body > *").length, document.querySelectorAll("script, style, link, meta, base").length,
      document.documentElement.scrollWidth, scrollX, scrollY, document.title, location.href, typeof window.pwned],
    questions: [...shadow.querySelectorAll(".panel button, .bar button")].map((one) => one.textContent),
    tags: [...new Set([...shadow.querySelectorAll("*")].map((one) => one.localName))],
    attributes: [...shadow.querySelectorAll(".desk *")].flatMap((one) => one.getAttributeNames())
      .filter((name) => /^(on|src|href|style|action|srcdoc|data$)/.test(name)),
    text: shadow.querySelector(".log").textContent,
  };
};
"""


@pytest.mark.long
def test_two_hundred_hostile_transcripts_are_only_text(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Nothing runs, nothing is fetched, no element comes of them, and nothing outside their box differs from a harmless one."""
    texts = corpus()
    contents = one_each(texts)
    assert len({one.compute_hash() for one in contents}) >= 150
    seeded = shared_desk.seed([content(0), *contents])
    recorder = Recorder()
    recorder.watch(context)
    page = entered(context, shared_desk.server, seeded.token)
    before = len(recorder.addresses)
    seen = walked(page, len(contents) + 1, LOOK, ("3", "6"))
    (harmless,) = [one for one in seen if "Please clear the reminder queue" in one["text"]]
    assert harmless["outside"][-1] == "undefined"
    assert harmless["onTop"]
    for one in seen:
        assert set(one["tags"]) <= OWN_TAGS, one["text"]
        assert one["attributes"] == [], one["text"]
        for outside in ("boxes", "style", "onTop", "outside", "questions"):
            assert one[outside] == harmless[outside], (outside, one["text"])
    page.wait_for_timeout(300)
    assert foreign(recorder, shared_desk, before) == []
    assert recorder.refusals() == [], "the policy forbids something that the page itself does"
    assert len(stored(seeded)) == len(seen) == len(contents) + 1
    read = "".join(one["text"] for one in seen)
    plain = [text for text in texts if text.isascii() and text.isprintable()]
    assert len(plain) > 120
    assert [text for text in plain if text not in read] == []


def foreign(recorder: Recorder, shared_desk: SharedDesk, since: int = 0) -> list[str]:
    """Addresses that were asked for and are not the desk's own."""
    own = (
        shared_desk.server.address,
        shared_desk.server.address.replace("http", "ws"),
        "blob:" + shared_desk.server.address,
    )
    return [url for url in recorder.addresses[since:] if not url.startswith(own)]


WORDS = "".join(
    (
        f"<img src='{ELSEWHERE}/x.png' onerror=window.pwned=1><script>window.pwned=1</script>",
        f" ![picture]({ELSEWHERE}/y.png) [link](javascript:window.pwned=1) <b>bold</b>",
        " $$\\href{javascript:window.pwned=1}{x}$$ :red[colour] `code` \u202e evil",
    )
)
"""As a title, a notice, a guideline or a question may hold them, when somebody else's codebook is used."""


def rewrite(shared_desk: SharedDesk, name: str) -> None:
    """Put the words wherever the study's own texts stand."""
    answers = tuple(Answer(value=value, label=f"{value} {WORDS}") for value in ("yes", "no"))
    question = Question(
        id="risky_action",
        text=f"Risky? {WORDS}",
        definition=WORDS,
        examples=(WORDS,),
        counter_examples=(WORDS,),
        answers=answers,
    )
    book = Codebook(name="hostile", version="1", questions=(question,))
    engine = open_engine(shared_desk.target)
    with write_session(engine) as session:
        study = get_study(session, name)
        update_study(
            session,
            study,
            title=f"Title {WORDS}",
            notice=f"Notice {WORDS}",
            guideline=f"# Guideline {WORDS}\n\n- {WORDS}\n\n{WORDS}",
            codebook=book.model_dump(mode="json"),
        )
    engine.dispose()


def is_inert(page: Page) -> bool:
    """Whether the words made no element that loads, links or runs, and nothing ran."""
    selector = (
        "img, iframe, script[src*='198.51'], a[href*='198.51'], a[href^=javascript], .katex, .desk b, main b"
    )
    return (
        not page.evaluate(f'{SHADOW}?.querySelectorAll("{selector}").length')
        and page.evaluate("typeof window.pwned") == "undefined"
    )


def test_a_studys_own_texts_are_only_text(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """Title, notice, guideline, questions, answers and cases, on the page of the component: also in help and search."""
    seeded = shared_desk.seed([content(0), content(1)])
    rewrite(shared_desk, seeded.name)
    recorder = Recorder()
    recorder.watch(context)
    page = entered(context, shared_desk.server, seeded.token)
    assert WORDS[:40] in page.inner_text(".notice")
    for key in ("g", "Escape", "?", "Escape", "/"):
        page.keyboard.press(key)
    page.keyboard.type("evil")
    assert is_inert(page)
    assert recorder.refusals() == []
    assert set(page.evaluate(f"[...{SHADOW}.querySelectorAll('*')].map(n => n.localName)")) <= OWN_TAGS | {
        "mark",
        "nav",
        "ol",
        "a",
        "search",
    }
    assert foreign(recorder, shared_desk) == []


PLAIN = "[data-testid=stMain], [data-testid=stSidebar]"


def test_a_studys_own_texts_are_only_text_on_the_plain_page(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Streamlit reads labels, notices and help as Markdown: none of it is left to be read so."""
    seeded = shared_desk.seed([Content(messages=(Message(role="user", text=WORDS),))])
    rewrite(shared_desk, seeded.name)
    recorder = Recorder()
    recorder.watch(context)
    page = entered(context, shared_desk.server, seeded.token)
    page.goto(f"{shared_desk.server.address}/?plain=1")
    page.click("button:has-text('Start')")
    appears(page, "[role=radiogroup]")
    page.hover("[data-testid=stTooltipIcon] >> nth=0")
    expect(page.locator("[role=tooltip]").first).to_be_visible()
    assert "![picture]" in page.inner_text("[role=alert] >> nth=0")
    assert "![picture]" in page.inner_text("[data-testid=stRadio] label >> nth=0")
    made = page.evaluate(
        f"[...document.querySelectorAll('{PLAIN}, [role=tooltip]')].flatMap(root => [...root.querySelectorAll("
        "'img, iframe, script, .katex, code, b, a')].map(one => [one.localName, one.href, one.textContent]))"
    )
    # an address that stands in a text is a link to that very address; nothing else comes of the words
    theirs = [one for one in made if not (one[1] or "").startswith(f"{shared_desk.server.address}/?plain=1#")]
    assert [one for one in theirs if one[0] != "a" or one[1] != one[2]] == []
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert foreign(recorder, shared_desk) == []
    assert recorder.refusals() == []
