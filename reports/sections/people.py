"""Agreement between people: raw agreement and base rate first, then coefficients that correct for chance."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.reports.analysis.figures import list_human_names, select_headline_estimates
from secondreader.reports.charts.marks import make_people_chart
from secondreader.reports.sections.blocks import Block, Chart
from secondreader.reports.sections.figures import describe_treatment, make_figures

if TYPE_CHECKING:
    import pandas as pd

    from secondreader.reports.analysis.result import Analysis


def build_people(analysis: "Analysis") -> Iterator[Block]:
    """All annotators, every pair, repeats by the same person, and the other ways to count "unsure"."""
    estimates = analysis.estimates
    yield Chart("people-chart", "Agreement between annotators", make_people_chart(estimates))
    yield make_figures(
        select_headline_estimates(estimates, "human-human"),
        f"Agreement between annotators; {describe_treatment(analysis, 'category')}",
    )
    yield make_figures(
        select_headline_estimates(estimates, "pair", judge="", name="kappa"),
        "Pairs of annotators",
        {"one": "annotator", "two": "annotator"},
    )
    yield make_figures(
        select_headline_estimates(estimates, "intra-rater"),
        "Annotators with themselves, on unannounced repeats",
    )
    yield make_figures(
        select_other_unsure(estimates),
        "The same with other ways to count unsure",
        {"unsure": "unsure counted as"},
        is_detail=True,
    )
    yield make_figures(estimates[estimates["section"] == "review"], "Every question", {"one": "question"})


def select_other_unsure(estimates: "pd.DataFrame") -> "pd.DataFrame":
    """Agreement of people over all items under the ways to count "unsure" that the headline does not use."""
    # "unsure" as an answer, as missing and both ways: one is the headline, the others stand here
    chosen = estimates[(estimates["section"] == "human-human") & (estimates["slice_name"] == "")]
    return chosen[~chosen["headline"].astype(bool) & chosen["name"].isin(list_human_names())]
