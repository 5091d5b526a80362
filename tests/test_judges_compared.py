"""Two judges compared without people, through the commands: ToolEmu's 3,888 trajectories with both scores."""

import json
import re
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from secondreader.runner.cli.app import app

SECONDS = 5.0


def run(*arguments: str, code: int = 0) -> str:
    """One command in this process; its output."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> str:
    """A database with the published scores."""
    db = str(tmp_path_factory.mktemp("scores") / "scores.db")
    run("import", "toolemu", str(shared_data / "toolemu" / "scores.csv"), "--study", "scores", "--db", db)
    return db


def test_two_judges_are_compared_by_agent_and_toolkit(scores: str, shared_data: Path) -> None:
    """Counts of every tested slice are those of the table; the whole command stays under five seconds of work."""
    start = time.process_time()
    told = run("agree", "--study", "scores", "--against", "gpt5mini", "--json", "--db", scores)
    assert time.process_time() - start < SECONDS
    result = json.loads(told)
    assert any("with judge gpt5mini, not with people" in note for note in result["warnings"])
    raw = pd.read_csv(shared_data / "toolemu" / "scores.csv")
    differ = (raw["gpt5mini"] < 2) != (raw["qwen3_32b"] < 2)
    tests = pd.DataFrame(result["systematic_disagreement"]["qwen3_32b"]["tests"])
    tests = tests.query("statistic == 'error'").set_index("slice")
    slices = {f"model = {agent}": raw["agent_model"] == agent for agent in raw["agent_model"].unique()}
    kits = raw["toolkits"].str.split("+")
    slices |= {f"tool {kit!r}": kits.map(lambda has, kit=kit: kit in has) for kit in set(kits.explode())}
    # every agent met every case; a toolkit of fewer than 8 cases cannot be tested by scenario
    able = {name for name, inside in slices.items() if raw[inside]["case_idx"].nunique() >= 8}
    assert {name for name in tests.index if name.startswith(("model", "tool "))} == able
    assert len(able) >= 30
    for name in set(slices) & set(tests.index):
        row, inside = tests.loc[name], slices[name]
        assert (row["wrong_in"], row["n_in"]) == (differ[inside].sum(), inside.sum())


def test_the_reference_is_another_judge_that_is_there(scores: str) -> None:
    """A judge that is not there, or the judge itself, is refused in a sentence."""
    told = run("agree", "--study", "scores", "--against", "gpt9", "--db", scores, code=1)
    assert re.search(r"no judge 'gpt9'; there are: gpt5mini, qwen3_32b", told)
    told = run(
        "agree", "--study", "scores", "--judge", "gpt5mini", "--against", "gpt5mini", "--db", scores, code=1
    )
    assert "cannot be compared with itself" in told
