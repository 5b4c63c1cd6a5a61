"""A skip that nobody listed fails the run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pipeline_kit.process import Command, Completed, Runner

_CONFTEST = """
from pathlib import Path
from tests.world.skips import Skips

def pytest_configure(config):
    config.pluginmanager.register(Skips.load(Path(__file__).with_name("skips.toml")))
"""
_LISTED = """
[[skip]]
reason = "no frobnicator"
why = "it costs money"
runs = "nowhere"
"""


def _run(folder: Path, body: str) -> Completed:
    (folder / "conftest.py").write_text(_CONFTEST)
    (folder / "skips.toml").write_text(_LISTED)
    (folder / "test_it.py").write_text(f"import pytest\n{body}\ndef test_that_passes(): pass\n")
    argv = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder))
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    return Runner(environ).run(Command(argv=argv, cwd=folder, extra=environ))


def test_a_listed_skip_passes(tmp_path: Path) -> None:
    assert _run(tmp_path, "def test_it(): pytest.skip('there is no frobnicator here')").code == 0


@pytest.mark.parametrize(
    "body",
    [
        "def test_it(): pytest.skip('did not feel like it')",
        "@pytest.fixture\ndef part(): pytest.skip('did not feel like it')\ndef test_it(part): pass",
        "pytest.skip('did not feel like it', allow_module_level=True)",
    ],
    ids=["in a test", "in a fixture", "of a file"],
)
def test_another_skip_fails_the_run(tmp_path: Path, body: str) -> None:
    ended = _run(tmp_path, body)
    assert ended.code == 1
    assert "test_it.py" in ended.text
    assert "did not feel like it" in ended.text.rpartition("skips that tests/skips.toml does not list")[2]


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert _run(tmp_path, "@pytest.mark.xfail\ndef test_it(): assert False").code == 0
