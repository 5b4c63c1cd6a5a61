"""The rule that a skipped test is a failure of the run, unless ``skips.toml`` lists its reason."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class AllowedSkip:
    """``reason`` is searched for in the reason that a test gives; ``why`` and ``runs`` are for people."""

    reason: re.Pattern[str]
    why: str
    runs: str


@dataclass(slots=True, eq=False)
class Skips:
    """A pytest plugin that holds the run to the list."""

    allowed: tuple[AllowedSkip, ...]
    unlisted: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, file: Path) -> Skips:
        """The skips that ``file`` allows."""
        entries = tomllib.loads(file.read_text())["skip"]
        return cls(tuple(AllowedSkip(re.compile(each["reason"]), each["why"], each["runs"]) for each in entries))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test was skipped, in its setup or in its call."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._judge(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole file was skipped."""
        if report.skipped:
            self._judge(report)

    def _judge(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed.reason.search(reason) for allowed in self.allowed):
            self.unlisted.append(f"{report.nodeid}: {reason}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The run fails."""
        if self.unlisted and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why."""
        if self.unlisted:
            terminalreporter.section("skips that tests/skips.toml does not list", red=True)
            for line in self.unlisted:
                terminalreporter.line(line)
