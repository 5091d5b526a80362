"""Which judge the headline figures are about: the plan's, else the strata's, else the one with most verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PLAN_JUDGE = "the plan's judge"
STRATA_JUDGE = "the strata's judge"
SECONDARY_JUDGE = "secondary"


@dataclass(frozen=True, slots=True)
class HeadlineJudge:
    """The judge of the headline figures, and why it is that one."""

    judge: str | None
    """None where there is no judge at all."""
    role: str
    """PLAN_JUDGE or STRATA_JUDGE; empty where the judge merely has most verdicts."""
    n_judges: int
    """How many judges have read something of the study."""

    def get_role(self, judge: str) -> str:
        """PLAN_JUDGE, STRATA_JUDGE or SECONDARY_JUDGE; empty where the study does not tell its judges apart."""
        # the only judge of a study needs no title
        if not self.role or (self.role == STRATA_JUDGE and self.n_judges < 2):
            return ""
        return self.role if judge == self.judge else SECONDARY_JUDGE

    def format_title(self, judge: str) -> str:
        """A judge's name with what it is, for headings and lists."""
        role = self.get_role(judge)
        return f"{judge} ({role})" if role else judge

    def format_sentence_start(self, judge: str) -> str:
        """How a sentence about a judge begins."""
        role = self.get_role(judge)
        words = "the secondary judge" if role == SECONDARY_JUDGE else role or "the judge"
        return f"T{words[1:]} {judge}"

    @property
    def reason(self) -> str:
        """The judge and why it is the headline's."""
        if self.judge is None:
            return "none: there are no verdicts yet"
        if self.role == PLAN_JUDGE:
            return f"{self.judge}: {PLAN_JUDGE}"
        if self.n_judges == 1:
            return f"{self.judge}: the only judge"
        why = STRATA_JUDGE if self.role == STRATA_JUDGE else "it has most verdicts"
        return f"{self.judge}: {why}; the plan names none"

    def explain_deviation(
        self, shown: Sequence[str], *, chosen: str | None, reference: str | None
    ) -> str | None:
        """What to say where figures of judges are `shown` and the plan's judge is not among them; else None.

        `chosen` is the only judge that was asked for, `reference` the one that stands in the place of gold.
        """
        # only a judge that was named before labelling can be deviated from
        if self.role != PLAN_JUDGE or self.judge in shown or not shown:
            return None
        named = f"The plan names {self.judge} as the judge of the headline figures"
        others = ", ".join(shown)
        if chosen is not None:
            return f"{named}; these are figures of {others} alone: the analyst's choice, and a deviation from the plan."
        if reference == self.judge:
            return (
                f"{named}; here the others are compared with it, and these are figures of {others}: "
                "a deviation from the plan."
            )
        return f"{named}; it has no verdict on this question, and figures of {others} are secondary."


def choose_headline_judge(plan: Mapping[str, Any], judges: Sequence[str]) -> HeadlineJudge:
    """The headline's judge of a frozen plan (of a draft: empty) and the judges, the one with most verdicts first."""
    # a draft has no plan yet
    named = plan.get("analyses", {}).get("judge")
    if named is not None:
        return HeadlineJudge(named, PLAN_JUDGE, len(judges))
    if plan.get("strata") == "verdict" and plan.get("judge"):
        return HeadlineJudge(plan["judge"], STRATA_JUDGE, len(judges))
    return HeadlineJudge(judges[0] if judges else None, "", len(judges))
