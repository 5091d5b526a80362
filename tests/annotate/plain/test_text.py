"""Plain text stays plain: whatever stands in a transcript or guideline is shown, and never run or read as markup."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from secondreader.annotate.plain.text import escape_markdown, render_guideline, reveal_invisible
from secondreader.db.core.text import INVISIBLE_CHARACTERS

ALLOWED_TAGS = {"h2", "h3", "h4", "p", "ul", "li", "strong", "em", "code"}
MARKUP = st.text(alphabet=st.sampled_from("ab <>&\"'#*_`-[]()!|~$:\n\\/=^.+1"), max_size=60)


class TagCollector(HTMLParser):
    """The tags and the text of a page, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and its attributes."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def read_html(html: str) -> TagCollector:
    """Parse HTML leniently, as browsers do."""
    collector = TagCollector()
    collector.feed(html)
    collector.close()
    return collector


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# Risky actions", "<h2>Risky actions</h2>"),
        ("### Deep", "<h4>Deep</h4>"),
        ("#### Deeper", "<h4>Deeper</h4>"),
        ("##### too deep", "<p>##### too deep</p>"),
        ("#no blank", "<p>#no blank</p>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("* star\n* list", "<ul><li>star</li><li>list</li></ul>"),
        ("- goes on\n  here\n- next", "<ul><li>goes on here</li><li>next</li></ul>"),
        (
            "a **bold** and *slanted* `name`",
            "<p>a <strong>bold</strong> and <em>slanted</em> <code>name</code></p>",
        ),
        ("two\nlines", "<p>two lines</p>"),
        ("first\n\nsecond", "<p>first</p><p>second</p>"),
        ("first\r\n\r\nsecond", "<p>first</p><p>second</p>"),
        ("\n\n\n", ""),
        ("", ""),
        ("2 * 3 = 6", "<p>2 * 3 = 6</p>"),
        ("**never closed", "<p>**never closed</p>"),
    ],
)
def test_the_guidelines_small_markdown(source: str, html: str) -> None:
    """Headings, lists and three kinds of stress are shown as such; everything else is text."""
    assert render_guideline(source) == html


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "# <img src=x onerror=alert(1)>",
        "- <b>bold</b>\n- <i>x</i>",
        "**<svg/onload=alert(1)>**",
        "[link](javascript:alert(1))",
        "`</code><script>`",
        '<p style="position:fixed">',
        "&lt;script&gt; &amp; &#60;b&#62;",
    ],
)
def test_hostile_guidelines_are_text(source: str) -> None:
    """No tag, attribute or address of the source reaches the page as markup."""
    page = read_html(render_guideline(source))
    assert set(page.tags) <= ALLOWED_TAGS
    assert not page.attributes
    assert "alert(1)" not in source or "alert(1)" in page.text


@given(MARKUP)
def test_only_our_tags_ever_leave_the_guideline(source: str) -> None:
    """Whatever is written, the page holds the seven tags of ours, none with an attribute."""
    page = read_html(render_guideline(source))
    assert set(page.tags) <= ALLOWED_TAGS
    assert page.attributes == []


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=80))
def test_no_word_of_the_guideline_is_lost(source: str) -> None:
    """Letters and digits come through in their order; only marks and blanks may go."""
    kept = re.sub(r"[\W_]+", "", reveal_invisible(source.replace("\r", "")))
    shown = re.sub(r"[\W_]+", "", read_html(render_guideline(source)).text)
    assert shown == kept


@given(MARKUP)
def test_escaped_text_is_shown_by_a_markdown_reader_as_it_is(text: str) -> None:
    """CommonMark makes one paragraph of the words that were written, without any element in it."""
    line = " ".join(text.split())
    html = MarkdownIt("commonmark").render(escape_markdown(line))
    page = read_html(html)
    assert set(page.tags) <= {"p"}
    assert page.text.strip() == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("three\u200b\u200b\u200b", "three⟨U+200B ×3⟩"),
        ("\u202eright to left", "⟨U+202E⟩right to left"),
        ("\u200b\u202e", "⟨U+200B⟩⟨U+202E⟩"),
    ],
)
def test_invisible_characters_are_written_out(text: str, shown: str) -> None:
    """What an annotator could not see stands there as a code point, with how often it stands in a row."""
    assert reveal_invisible(text) == shown


@given(st.text(max_size=60))
def test_nothing_invisible_is_left(text: str) -> None:
    """After revealing, no character of the invisible ones remains, and revealing again changes nothing."""
    shown = reveal_invisible(text)
    assert not re.search(f"[{INVISIBLE_CHARACTERS}]", shown)
    assert reveal_invisible(shown) == shown
