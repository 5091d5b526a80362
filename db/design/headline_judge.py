"""Which judge the headline figures are about: the plan's, else the strata's, else the one with most verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PLAN = "the plan's judge"
STRATA = "the strata's judge"
SECONDARY = "secondary"


@dataclass(frozen=True, slots=True)
class Headline:
    """The judge of the headline figures, and why it is that one."""

    judge: str | None
    """None where there is no judge at all."""
    role: str
    """PLAN or STRATA; empty where the judge merely has most verdicts."""
    n_judges: int
    """How many judges have read something of the study."""

    def role_of(self, judge: str) -> str:
        """PLAN, STRATA or SECONDARY; empty where the study does not tell its judges apart."""
        if not self.role or (self.role == STRATA and self.n_judges < 2):
            return ""
        return self.role if judge == self.judge else SECONDARY

    def titled(self, judge: str) -> str:
        """A judge's name with what it is, for headings and lists."""
        role = self.role_of(judge)
        return f"{judge} ({role})" if role else judge

    def sentence_start(self, judge: str) -> str:
        """How a sentence about a judge begins."""
        role = self.role_of(judge)
        words = "the secondary judge" if role == SECONDARY else role or "the judge"
        return f"T{words[1:]} {judge}"

    @property
    def reason(self) -> str:
        """The judge and why it is the headline's."""
        if self.judge is None:
            return "none: there are no verdicts yet"
        if self.role == PLAN:
            return f"{self.judge}: {PLAN}"
        if self.n_judges == 1:
            return f"{self.judge}: the only judge"
        why = STRATA if self.role == STRATA else "it has most verdicts"
        return f"{self.judge}: {why}; the plan names none"

    def deviation(self, shown: Sequence[str], *, chosen: str | None, reference: str | None) -> str | None:
        """What to say where figures of judges are `shown` and the plan's judge is not among them; else None.

        `chosen` is the only judge that was asked for, `reference` the one that stands in the place of gold.
        """
        if self.role != PLAN or self.judge in shown or not shown:
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


def headline_of(plan: Mapping[str, Any], judges: Sequence[str]) -> Headline:
    """The headline's judge of a frozen plan (of a draft: empty) and the judges, the one with most verdicts first."""
    named = plan.get("analyses", {}).get("judge")
    if named is not None:
        return Headline(named, PLAN, len(judges))
    if plan.get("strata") == "verdict" and plan.get("judge"):
        return Headline(plan["judge"], STRATA, len(judges))
    return Headline(judges[0] if judges else None, "", len(judges))
