"""The coefficients as a Markdown table: the last section of docs/python-api.md."""

from secondreader.judge.inference.coefficients import COEFFICIENTS, EVERY, Coefficient

COMPARISON_NAMES = {"group": "any number of raters", "pair": "pairs", "gold": "judge against gold"}


def describe_comparisons(coefficient: Coefficient) -> str:
    """Where a coefficient is computed."""
    if coefficient.comparisons == EVERY:
        return "everywhere"
    return ", ".join(
        words for comparison, words in COMPARISON_NAMES.items() if comparison in coefficient.comparisons
    )


def write_coefficients() -> str:
    """The table, in the order in which reports show the figures."""
    rows = [
        f"| `{what.name}` | {what.label} | {what.formula.replace('|', '∣')} | {describe_comparisons(what)} | {what.source} |"
        for what in COEFFICIENTS
    ]
    return "\n".join(
        ["| name | in reports | what it is | where | defined in |", "|---|---|---|---|---|", *rows, ""]
    )
