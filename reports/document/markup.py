"""Small pieces of HTML. Everything that goes in as text comes out escaped; only `Html` passes as it is."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from secondreader.reports.wording.names import has_value


class Html(str):
    """Text that is HTML already, made by this module's functions."""

    __slots__ = ()


def escape_text(value: Any) -> Html:
    """A value as escaped text; nothing for None and NaN."""
    if isinstance(value, Html):
        return value
    return Html(escape(str(value))) if has_value(value) else Html("")


def tag(name: str, *inside: Any, **attributes: str) -> Html:
    """One element. Attribute names lose a trailing underscore; `_` inside them becomes `-`."""
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{pairs}>{''.join(escape_text(one) for one in inside)}</{name}>")


def join_html(parts: Iterable[Any]) -> Html:
    """Parts one after the other."""
    return Html("".join(escape_text(one) for one in parts))


def render_sentences(items: Iterable[str], **attributes: str) -> Html:
    """A list of sentences, each with a capital and a full stop; nothing for no sentence."""
    made = [tag("li", finish_sentence(one)) for one in items]
    return tag("ul", *made, **attributes) if made else Html("")


def finish_sentence(sentence: str) -> str:
    """With a capital first letter and a full stop."""
    stop = "" if sentence.endswith((".", "!", "?")) else "."
    return f"{sentence[:1].upper()}{sentence[1:]}{stop}"


def render_table(
    head: Sequence[Any], rows: Iterable[Sequence[Any]], *, caption: str, numbers: Iterable[int] = ()
) -> Html:
    """A table in a box that scrolls sideways; columns in `numbers` stand to the right."""
    right = set(numbers)

    def cell(kind: str, at: int, value: Any, **more: str) -> Html:
        return tag(kind, value, **({"class_": "number"} if at in right else {}), **more)

    top = tag("tr", *(cell("th", at, one, scope="col") for at, one in enumerate(head)))
    body = [tag("tr", *(cell("td", at, one) for at, one in enumerate(row))) for row in rows]
    inner = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body))
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def render_section(anchor: str, title: str, *inside: Any) -> Html:
    """A numbered part of a page."""
    return tag("section", tag("h2", title), *inside, id=anchor)
