"""An engine that starts again in the middle of a deployment: it is waited for, and what is said is what is there."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.errors import Exit, Failure
from pipeline_kit.targets import docker_engine
from pipeline_kit.targets.docker_replacement import Replacement
from tests.contract.target_images import answering
from tests.contract.test_target_docker import Lab, answer, notes
from tests.world import engine as engines
from tests.world import private_engine
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.model.deployment import Deployment
    from pipeline_kit.model.published import Published
    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine

# Where nobody answers the library leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
MOMENTS = ("_make_successor", "_try_out", "_stop_the_other", "_start_and_ask", "_give_the_name", "_remove_the_other")


@pytest.fixture(scope="module")
def own_engine() -> Iterator[Engine]:
    """An engine that may be stopped: nobody else works with it."""
    try:
        with engines.running_private_engine("containerd") as running:
            yield running
    except Unavailable as unavailable:
        pytest.skip(unavailable.reason)


@pytest.fixture
def lab(tmp_path: Path, own_engine: Engine, small_base: BaseImage, docker_registry: DockerRegistry) -> Iterator[Lab]:
    made = Lab(tmp_path, own_engine, small_base, docker_registry)
    yield made
    for _ in range(60):  # it may be about to start again
        try:
            if left := own_engine.docker("ps", "-aq").split():
                own_engine.docker("rm", "-f", *left)
            break
        except RuntimeError:
            time.sleep(1)


def until_it_answers(engine: Engine) -> None:
    """Wait for an engine that starts again, at most a minute."""
    for _ in range(120):
        try:
            engine.docker("ps")
            return
        except RuntimeError:
            time.sleep(0.5)


def restarting(
    monkeypatch: pytest.MonkeyPatch, moment: str, host: str, *, crash: bool, after: float
) -> list[threading.Timer]:
    """The engine starts again ``after`` seconds from when the replacement first comes to ``moment``: by the one timer
    that the list has from then on, perhaps when the replacement is over.
    """
    function = getattr(Replacement, moment)
    timers: list[threading.Timer] = []

    def interrupted(replacement: Replacement, *arguments: object) -> object:
        if not timers:
            timers.append(threading.Timer(after, private_engine.restart, (host,), {"crash": crash}))
            timers[0].start()
            if not after:
                timers[0].join()
        return function(replacement, *arguments)

    monkeypatch.setattr(Replacement, moment, interrupted)
    return timers


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
@pytest.mark.parametrize("after", [0.0, 0.4])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_deployment_outlives_it(
    lab: Lab, own_engine: Engine, monkeypatch: pytest.MonkeyPatch, moment: str, after: float, crash: bool
) -> None:
    first = lab.deploy(answering("one"))
    wanted, _ = lab.publish(answering("two"))
    with monkeypatch.context() as restarted:
        timers = restarting(restarted, moment, own_engine.host, crash=crash, after=after)
        ended = ending(lab, wanted)
        timers[0].cancel()  # a deployment that is over is the engine's own to bring back
        timers[0].join()
        until_it_answers(own_engine)
    if isinstance(ended, Failure):
        # The engine ended what was tried: it is told as that, and what is said to serve does.
        assert ended.exit is Exit.ROLLED_BACK, f"{ended.headline} {notes(ended)}"
        assert notes(ended)["now"].startswith(f"{first.digest[7:19]} serves")
    else:
        assert ended.url == first.url
    assert eventually(first.url) == ("one" if isinstance(ended, Failure) else "two")
    until_it_answers(own_engine)
    assert lab.names() == [""]
    print(f"{moment}: {ended.headline if isinstance(ended, Failure) else 'the successor serves'}")


def ending(lab: Lab, wanted: Published) -> Deployment | Failure:
    try:
        return lab.deploy(wanted, settle=1)
    except Failure as failure:
        return failure


def eventually(url: str) -> str:
    """What is answered at last: the engine may have been started again just now."""
    end = time.monotonic() + 30
    while not (said := answer(url)) and time.monotonic() < end:
        time.sleep(0.2)
    return said


def test_one_that_does_not_come_back_is_told_as_that(
    lab: Lab, own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.deploy(answering("one"))
    wanted, _ = lab.publish(answering("two"))
    with monkeypatch.context() as restarted:
        restarting(restarted, "_stop_the_other", own_engine.host, crash=True, after=0.0)
        restarted.setattr(docker_engine, "_COMES_BACK", 0.0)
        failure = lab.failure(wanted)
    assert (failure.kind, failure.exit) == ("deploy.engine", Exit.TRY_LATER)
    assert notes(failure)["now"].startswith(f"whether {lab.options.name} serves is not known")
    until_it_answers(own_engine)
    assert answer(lab.deploy(wanted).url) == "two"
    assert lab.names() == [""]
