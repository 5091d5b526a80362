"""Agreement of people with each other and with judges: `agree(frame)`, the notebook's front door."""

from secondreader.judge.agreement.report import AgreementResult, agree

__all__ = ["AgreementResult", "agree"]
