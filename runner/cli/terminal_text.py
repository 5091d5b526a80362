"""Text of others on a terminal: names, titles and excerpts come from studies and imports."""

from rich.markup import escape

from secondreader.db.core.canonical import printable


def literal(text: object) -> str:
    """`text` as it is: rich would read [brackets] as style, and a terminal obey what is not printable."""
    return escape(printable(str(text)))
