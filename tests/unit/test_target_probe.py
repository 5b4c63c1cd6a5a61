"""Healthy is what answers twice, and what dies is known at once."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug import Response

from pipeline_kit.context import Context
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.process import Runner
from pipeline_kit.targets.probe import Observation, Patience, Unhealthy, until_healthy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_httpserver import HTTPServer


class Clock:
    """Sleeping takes no time."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


CONTEXT = Context(
    root=Path(),
    state=Path(),
    output=Path(),
    environ={},
    run=Runner({}),
    event=Event("local"),
    identity=RunIdentity("local"),
    clock=Clock(),
)
RUNNING = Observation()


def answers(server: HTTPServer, statuses: Iterable[int]) -> str:
    left = iter(statuses)
    server.expect_request("/health").respond_with_handler(lambda request: Response(status=next(left)))
    return server.url_for("").rstrip("/")


def test_two_answers_in_a_row_are_healthy(httpserver: HTTPServer) -> None:
    url = answers(httpserver, [503, 200, 500, 302, 204])
    evidence = until_healthy(lambda: RUNNING, url, "/health", Patience(60), CONTEXT)
    assert evidence[0].startswith("/health 204 after ")
    assert len(httpserver.log) == 5


def test_one_that_dies_after_its_first_answer_is_not(httpserver: HTTPServer) -> None:
    url = answers(httpserver, itertools.repeat(200))
    seen = iter([RUNNING, RUNNING, Observation(death="exited with code 1")])
    with pytest.raises(Unhealthy, match="exited with code 1"):
        until_healthy(lambda: next(seen), url, "/health", Patience(60), CONTEXT)


@pytest.mark.parametrize(("status", "reason"), [(500, "answered 500 on /health for 5 s"), (404, "answered 404")])
def test_an_answer_that_stays_bad_is_named(httpserver: HTTPServer, status: int, reason: str) -> None:
    url = answers(httpserver, itertools.repeat(status))
    with pytest.raises(Unhealthy, match=reason):
        until_healthy(lambda: RUNNING, url, "/health", Patience(5), CONTEXT)


def test_silence_is_named() -> None:
    with pytest.raises(Unhealthy, match="did not answer on / within 5 s"):
        until_healthy(lambda: RUNNING, "http://127.0.0.1:1", "/", Patience(5), CONTEXT)


def test_a_failing_healthcheck_says_no_although_it_answers(httpserver: HTTPServer) -> None:
    url = answers(httpserver, itertools.repeat(200))
    with pytest.raises(Unhealthy, match="fails its own HEALTHCHECK"):
        until_healthy(lambda: Observation(check="unhealthy"), url, "/health", Patience(5), CONTEXT)


def test_a_healthcheck_that_has_not_answered_yet_is_not_waited_for(httpserver: HTTPServer) -> None:
    url = answers(httpserver, itertools.repeat(200))
    assert len(until_healthy(lambda: Observation(check="starting"), url, "/health", Patience(60), CONTEXT)) == 1


def test_without_a_path_the_healthcheck_decides() -> None:
    seen = itertools.chain([Observation(check="starting")] * 20, itertools.repeat(Observation(check="healthy")))
    assert until_healthy(lambda: next(seen), "", "", Patience(60), CONTEXT)[1] == "HEALTHCHECK ok"
    with pytest.raises(Unhealthy, match="did not pass its own HEALTHCHECK within 5 s"):
        until_healthy(lambda: Observation(check="starting"), "", "", Patience(5), CONTEXT)


def test_without_anything_to_ask_running_for_a_while_is_enough() -> None:
    assert until_healthy(lambda: RUNNING, "", "", Patience(60), CONTEXT) == ("running for 3 s",)
