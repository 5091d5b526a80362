"""Text of others on a terminal: names, titles and excerpts come from studies and imports."""

from rich.markup import escape

from secondreader.db.core.text import make_printable


def escape_for_terminal(text: object) -> str:
    """`text` as it is: rich would read [brackets] as style, and a terminal obey what is not printable."""
    return escape(make_printable(str(text)))
