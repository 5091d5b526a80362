"""Where real transcripts, labels and published worked examples stand; tests/data/SOURCES.md says whose they are."""

import json
import os
from pathlib import Path

SAMPLES = Path(__file__).parent / "data"
WHOLE = Path(os.environ.get("SECONDREADER_SHARED", Path(__file__).parents[2] / "shared")) / "data"
DATA = WHOLE if WHOLE.is_dir() else SAMPLES
"""The whole files where they are at hand, else the samples that are committed; both under the same names."""
ORACLES = SAMPLES / "oracles" / "published.json"


def count_records(name: str) -> int:
    """Count the records of a file of `DATA` by its own structure, without any importer."""
    text = (DATA / name).read_text("utf-8")
    if name.endswith(".json"):
        return len(json.loads(text))
    return len(text.splitlines()) - name.endswith(".csv")
