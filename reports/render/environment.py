"""The templates of HTML. Whatever goes in as text comes out escaped; only Markup passes as it is."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from secondreader.reports.render.svg import render_chart_svg
from secondreader.reports.sections.blocks import Block, Identifier
from secondreader.reports.wording.names import finish_sentence, has_value

TEMPLATES = Path(__file__).parent / "templates"
FOLDED_FROM = 3000
"""Characters of one text above which its rest is folded."""
MAX_LENGTH = 200_000
"""Characters of one text that are sent to a browser at all."""


@cache
def load_environment() -> Environment:
    """The environment of all templates; autoescape is on for every file, whatever its name."""
    environment = Environment(
        # read from the package: a template is data like the style sheet, and is packed with it
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        # a slip in a template is an error, and no gap in a report
        undefined=StrictUndefined,
        # a cell without a value is empty, and says neither None nor nan
        finalize=lambda value: value if has_value(value) else "",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "sentence": finish_sentence,
        "svg": render_chart_svg,
        "block": render_block,
        "code_spans": mark_code_spans,
        "fold": fold_text,
    }
    # templates cannot call isinstance
    environment.tests["identifier"] = lambda value: isinstance(value, Identifier)
    return environment


def call_macro(template: str, name: str, *arguments: Any) -> Markup:
    """What one macro of a template makes of its arguments."""
    # macros escape what goes into them: their result is HTML
    return Markup(getattr(load_environment().get_template(template).module, name)(*arguments))


def render_block(block: Block) -> Markup:
    """One block: the macro of its type's name."""
    return call_macro("blocks.html", type(block).__name__.lower(), block)


def render_blocks(blocks: tuple[Block, ...]) -> Markup:
    """Blocks one after the other; empty ones leave no trace."""
    return Markup("").join(render_block(block) for block in blocks if not block.is_empty)


def mark_code_spans(sentence: str) -> Markup:
    """A sentence whose commands stand between backticks, escaped."""
    parts = (
        Markup("<code>{}</code>").format(part) if index % 2 else part
        for index, part in enumerate(sentence.split("`"))
    )
    return Markup("").join(parts)


def fold_text(text: str) -> tuple[str, str, int]:
    """What of a text is shown at once, what is folded, and how many characters are left out."""
    return text[:FOLDED_FROM], text[FOLDED_FROM:MAX_LENGTH], max(len(text) - MAX_LENGTH, 0)
