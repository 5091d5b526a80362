"""Agreement of people with each other and with judges: `agree(frame)`, the entry point for notebooks."""

from secondreader.judge.agreement.report import AgreementResult, agree

__all__ = ["AgreementResult", "agree"]
