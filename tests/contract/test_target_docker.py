"""A real engine, real containers: whatever goes wrong, what served before serves again."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import pytest

from pipeline_kit.context import Context
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.digest import digest_of
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.connect import connect
from pipeline_kit.oci.credential import anonymous
from pipeline_kit.oci.media_types import INDEX
from pipeline_kit.process import Command, Runner
from pipeline_kit.targets import TARGETS
from pipeline_kit.targets import docker_container as containers
from pipeline_kit.targets.docker_engine import connected
from pipeline_kit.targets.docker_options import DockerOptions
from pipeline_kit.targets.docker_replacement import Replacement
from pipeline_kit.targets.docker_site import LABEL, site
from tests.contract.target_images import (
    Service,
    answering,
    broken,
    built,
    crashing,
    published,
    short_lived,
    silent,
    stubborn,
    unstartable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline_kit.model.deployment import Deployment
    from pipeline_kit.model.image import Image
    from pipeline_kit.model.published import Published
    from pipeline_kit.targets.docker_container import Container
    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine


class Lab:
    """An engine, a registry and a name for one container; ``deploy`` is what the tests are about."""

    def __init__(self, folder: Path, engine: Engine, base: BaseImage, registry: DockerRegistry) -> None:
        environ = {**engine.environ, "HOME": str(folder), "TOKEN": "s3cret-of-the-app"}
        self.context = Context(
            root=folder,
            state=folder / "state" / "run",
            output=folder / "output",
            environ=environ,
            run=Runner(environ),
            event=Event("local"),
            identity=RunIdentity("local"),
        )
        self.repository = Repository(registry.address, "shop/web")
        self.options = DockerOptions(name=f"web-{uuid4().hex[:8]}", health_timeout=20, settle=0.3, stop_timeout=3)
        self.logs = folder / "logs"
        self._folder, self._base = folder, base

    def publish(self, service: Service) -> tuple[Published, Image]:
        image = built(self._folder / uuid4().hex, self._base, service)
        return published(image, self.repository, self.context), image

    def publish_index(self, service: Service) -> tuple[Published, Image]:
        """The service for this machine's platform, and what can't run here for another one."""
        wanted, image = self.publish(service)
        registry = connect(self.repository, anonymous(self.repository.registry), self.context)
        own = registry.get_manifest(wanted.digest)
        assert own
        entries = [
            {"mediaType": own.media_type, "digest": own.digest, "size": len(own.content), "platform": platform}
            for platform in ({"os": "linux", "architecture": "s390x"}, msgspec.to_builtins(image.platforms[0].platform))
        ]
        index = msgspec.json.encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
        registry.put_manifest(index, INDEX, digest_of(index))
        return msgspec.structs.replace(wanted, digest=digest_of(index)), image

    def deploy(self, service: Service | Published, **changes: object) -> Deployment:
        wanted = self.publish(service)[0] if isinstance(service, Service) else service
        options = replace(self.options, **changes)  # type: ignore[arg-type]
        return TARGETS["docker"].deploy(wanted, None, options, self.context, self.logs)

    def failure(self, service: Service | Published, **changes: object) -> Failure:
        with pytest.raises(Failure) as caught:
            self.deploy(service, **changes)
        return caught.value

    def container(self, name: str = "") -> Container | None:
        with connected(self.context) as engine:
            return containers.find(engine, f"{self.options.name}{name}")

    def names(self) -> list[str]:
        with connected(self.context) as engine:
            found = engine.api.containers(all=True, filters={"label": f"{LABEL}name={self.options.name}"})
        return sorted(one["Names"][0].lstrip("/").removeprefix(self.options.name) for one in found)


@pytest.fixture
def lab(tmp_path: Path, engine: Engine, small_base: BaseImage, docker_registry: DockerRegistry) -> Iterator[Lab]:
    made = Lab(tmp_path, engine, small_base, docker_registry)
    yield made
    with connected(made.context) as docker:
        for one in docker.api.containers(all=True, filters={"label": f"{LABEL}name={made.options.name}"}):
            docker.api.remove_container(one["Id"], force=True, v=True)


def answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)
    except OSError:
        return ""


def notes(failure: Failure) -> dict[str, str]:
    return {note.label: note.text for note in failure.notes}


def test_the_first_deployment_serves_and_says_how_it_knows(lab: Lab) -> None:
    wanted, _ = lab.publish(answering("one"))
    deployment = lab.deploy(wanted)
    assert answer(deployment.url) == "one"
    assert (deployment.digest, deployment.before, deployment.name) == (wanted.digest, "", lab.options.name)
    assert deployment.evidence[0].startswith("/ 200 ")
    container = lab.container()
    assert container
    assert (container.image, container.source) == (deployment.running, str(wanted.reference))
    assert container.labels[f"{LABEL}digest"] == wanted.digest
    assert lab.names() == [""]


def test_a_successor_takes_over_the_port(lab: Lab) -> None:
    first = lab.deploy(answering("one"))
    second = lab.deploy(answering("two"))
    assert second.url == first.url
    assert answer(second.url) == "two"
    assert second.before == f"{lab.repository}@{first.digest}"
    assert lab.names() == [""]


def test_a_name_may_be_the_beginning_of_anothers_id(lab: Lab) -> None:
    lab.deploy(answering("one"))
    other = lab.container()
    assert other
    lab.options = replace(lab.options, name=other.id[:12])
    assert answer(lab.deploy(answering("two")).url) == "two"
    assert lab.names() == [""]
    with connected(lab.context) as engine:
        assert containers.find(engine, other.id) == other
        containers.remove(engine, other)


def test_what_the_engine_refuses_for_a_reason_of_its_own_is_told_in_its_words(lab: Lab) -> None:
    first = lab.deploy(answering("one"))
    failure = lab.failure(answering("two"), address="203.0.113.1", port=free_port())
    assert (failure.kind, failure.exit) == ("deploy.refused", Exit.BROKE)
    assert "203.0.113.1" in str(failure.evidence)
    assert lab.names() == [""]
    assert answer(first.url) == "one"


def test_another_port_is_taken_without_a_moment_of_silence(lab: Lab) -> None:
    first = lab.deploy(answering("one"))
    with watching(first.url) as seen:
        second = lab.deploy(answering("two"), port=free_port())
    assert second.url != first.url
    assert answer(second.url) == "two"
    assert answer(first.url) == ""
    assert all(one.text == "one" for one in seen[:3])


def test_the_same_digest_is_left_alone(lab: Lab) -> None:
    wanted, _ = lab.publish(answering("one"))
    first = lab.deploy(wanted)
    before = lab.container()
    second = lab.deploy(wanted)
    after = lab.container()
    assert before
    assert after
    assert before.state["StartedAt"] == after.state["StartedAt"]
    assert (second.url, second.evidence[0]) == (first.url, "it serves already, not restarted")


def test_the_same_digest_with_other_options_is_a_new_container(lab: Lab) -> None:
    wanted, _ = lab.publish(answering("one"))
    lab.deploy(wanted)
    before = lab.container()
    lab.deploy(wanted, variables=("MODE=new",))
    after = lab.container()
    assert before
    assert after
    assert before.id != after.id


@pytest.mark.parametrize(
    ("service", "reason", "patience"),
    [
        (crashing(), "exited with code 3", 60),
        (unstartable(), 'can\'t start: exec: "/nope": stat /nope: no such file or directory', 60),
        (broken(), "answered 500 on / for 2 s", 2),
        (silent(), "did not answer on / within 2 s", 2),
    ],
    ids=["crashing", "unstartable", "broken", "silent"],
)
def test_what_does_not_become_healthy_never_takes_over(
    lab: Lab, service: Service, reason: str, patience: float
) -> None:
    first = lab.deploy(answering("one"))
    wanted, _ = lab.publish(service)
    started = time.monotonic()
    failure = lab.failure(wanted, health_timeout=patience)
    assert time.monotonic() - started < 15
    assert (failure.kind, failure.exit) == ("deploy.unhealthy", Exit.ROLLED_BACK)
    assert failure.headline == f"{lab.options.name} {reason}"
    assert notes(failure)["now"] == f"{first.digest[7:19]} serves as before: it was not touched"
    assert failure.done == f"{wanted.digest[7:19]} is published and serves nowhere"
    assert answer(first.url) == "one"
    assert lab.names() == [""]


def test_the_last_words_are_shown_and_kept(lab: Lab) -> None:
    failure = lab.failure(crashing(), variables=("TOKEN", "MODE=x"))
    seen = notes(failure)["seen"]
    assert seen.splitlines()[0] == f"container {lab.options.name}-next exited with code 3, last words"
    assert seen.splitlines()[-1] == "│ KeyError: DATABASE_URL"
    assert notes(failure)["now"] == "nothing serves, as before"
    assert (lab.logs / f"{lab.options.name}-next.log").read_text() == "starting\nKeyError: DATABASE_URL\n"
    state = (lab.logs / f"{lab.options.name}-next.json").read_text()
    assert json.loads(state)["State"]["ExitCode"] == 3
    assert "s3cret" not in state
    assert lab.names() == []


def test_a_secret_that_a_container_prints_is_taken_out(lab: Lab) -> None:
    script = "echo token=$TOKEN; printf %s :$TOKEN | base64; exit 3"
    health = {"Test": ["CMD-SHELL", "echo $TOKEN; exit 1"], "Interval": 100_000_000, "Timeout": 10**9, "Retries": 1}
    for service in (Service(("sh", "-c", script), {}), Service(silent().command, {}, health)):
        failure = lab.failure(service, variables=("TOKEN",))
        files = {path: path.read_text() for path in lab.logs.iterdir()}
        assert sorted(path.suffix for path in files) == [".json", ".log"]
        for text in [*files.values(), *(note.text for note in failure.notes)]:
            assert "s3cret-of-the-app" not in text
            assert "czNjcmV0LW9mLXRoZS1hcH" not in text
        assert any("***" in text for text in files.values())


def test_one_that_ends_a_second_later_was_never_healthy(lab: Lab) -> None:
    first = lab.deploy(answering("one"))
    failure = lab.failure(short_lived(1), settle=3)
    assert failure.headline == f"{lab.options.name} exited with code 1"
    assert notes(failure)["now"] == f"{first.digest[7:19]} serves as before: it was not touched"
    assert answer(first.url) == "one"
    assert lab.names() == [""]
    elsewhere = lab.failure(short_lived(1), settle=3, port=free_port())
    assert elsewhere.headline == failure.headline
    assert answer(first.url) == "one"


class TestRemovedByOthers:
    """Somebody removes the old container while it is replaced."""

    MOMENTS = ("_make_successor", "_try_out", "_stop_the_other", "_start_and_ask", "_give_the_name")

    @pytest.mark.parametrize("moment", MOMENTS)
    @pytest.mark.parametrize("where", ["the same port", "another port"])
    def test_the_healthy_successor_stays(
        self, lab: Lab, engine: Engine, monkeypatch: pytest.MonkeyPatch, moment: str, where: str
    ) -> None:
        lab.deploy(answering("one"))
        removing_before(monkeypatch, moment, lambda: engine.docker("rm", "-f", lab.options.name))
        second = lab.deploy(answering("two"), port=0 if where == "the same port" else free_port())
        assert answer(second.url) == "two"
        assert lab.names() == [""]
        third = lab.deploy(answering("three"))
        assert answer(third.url) == "three"

    def test_an_unhealthy_successor_leaves_nothing_and_says_so(
        self, lab: Lab, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lab.deploy(answering("one"))
        removing_before(monkeypatch, "_try_out", lambda: engine.docker("rm", "-f", lab.options.name))
        failure = lab.failure(crashing())
        assert failure.kind == "deploy.rollback-failed"
        assert notes(failure)["now"] == f"nothing serves; the container {lab.options.name} is gone"
        assert "fix" not in notes(failure)
        assert lab.names() == []

    def test_a_successor_that_somebody_removes_is_told(
        self, lab: Lab, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = lab.deploy(answering("one"))
        removing_before(monkeypatch, "_give_the_name", lambda: engine.docker("rm", "-f", f"{lab.options.name}-next"))
        failure = lab.failure(answering("two"))
        assert failure.exit in (Exit.BROKE, Exit.ROLLED_BACK)
        assert answer(first.url) == "one"
        assert lab.names() == [""]


class TestImages:
    """Those that were brought and are needed no more go; no other one does."""

    def test_the_one_that_serves_and_the_one_before_stay(self, lab: Lab, engine: Engine) -> None:
        wanted = [lab.publish(answering(text))[0] for text in ("one", "two", "three", "four")]
        for one in wanted:
            lab.deploy(one)
        assert images(engine, lab) == sorted(str(one.reference) for one in wanted[2:])
        lab.deploy(wanted[2])
        lab.deploy(wanted[0])
        assert images(engine, lab) == sorted(str(one.reference) for one in (wanted[2], wanted[0]))

    def test_what_is_unhealthy_is_not_kept(self, lab: Lab, engine: Engine) -> None:
        wanted, _ = lab.publish(answering("one"))
        lab.deploy(wanted)
        lab.failure(crashing())
        assert images(engine, lab) == [str(wanted.reference)]

    def test_what_others_need_stays(self, lab: Lab, engine: Engine) -> None:
        held, tagged, used, other = (lab.publish(answering(text))[0] for text in ("held", "tagged", "used", "other"))
        engine.docker("pull", "-q", str(held.reference))
        lab.deploy(held)
        lab.deploy(tagged)
        engine.docker("tag", str(tagged.reference), f"{lab.options.name}:mine")
        lab.deploy(used)
        engine.docker("create", "--name", f"{lab.options.name}-user", str(used.reference))
        lab.deploy(other)
        neighbour = replace(lab.options, name=f"{lab.options.name}-b")
        try:
            for one in (other, used):
                TARGETS["docker"].deploy(one, None, neighbour, lab.context, lab.logs)
            for text in ("five", "six", "seven"):
                lab.deploy(answering(text))
            left = images(engine, lab)
            assert {str(one.reference) for one in (held, tagged, used, other)} <= set(left)
            assert len(left) == 6
        finally:
            engine.docker("rm", "-f", f"{lab.options.name}-user", neighbour.name)
            engine.docker("rmi", f"{lab.options.name}:mine")


@pytest.mark.parametrize("path", ["@127.0.0.1:{port}/x", ":80@127.0.0.1:{port}/", ".example.test/", "healthz", "/a b"])
def test_health_is_a_path_and_nobody_else_is_asked(lab: Lab, path: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.2)
        failure = lab.failure(answering("one"), health=path.format(port=server.getsockname()[1]))
        with pytest.raises(TimeoutError):
            server.accept()
    assert (failure.kind, failure.exit) == ("deploy.health", Exit.USAGE)
    assert lab.names() == []


def test_one_that_fails_in_place_is_rolled_back(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lab.deploy(answering("one"))
    monkeypatch.setattr(Replacement, "_try_out", lambda self: None)
    failure = lab.failure(crashing())
    assert failure.exit is Exit.ROLLED_BACK
    assert notes(failure)["now"] == f"{first.digest[7:19]} serves again, and answers"
    assert answer(first.url) == "one"
    assert (lab.logs / f"{lab.options.name}-next.log").exists()
    assert lab.names() == [""]


def test_a_rollback_that_fails_has_its_own_exit_code(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.deploy(answering("one"))

    def stop_and_lose(replacement: Replacement) -> None:
        replacement._stopping = True
        containers.remove(replacement.site.engine, replacement.before)

    monkeypatch.setattr(Replacement, "_try_out", lambda self: None)
    monkeypatch.setattr(Replacement, "_stop_the_other", stop_and_lose)
    failure = lab.failure(crashing())
    assert (failure.kind, failure.exit) == ("deploy.rollback-failed", Exit.ROLLBACK_FAILED)
    assert "nothing serves" in notes(failure)["now"]
    assert (lab.logs / f"{lab.options.name}-next.log").exists()


class TestHealthcheck:
    """The image's own HEALTHCHECK may say no, and does not hold up what answers."""

    def test_one_that_fails_stops_what_answers(self, lab: Lab) -> None:
        second = 1_000_000_000
        failing = {"Test": ["CMD-SHELL", "exit 1"], "Interval": second // 5, "Timeout": second, "Retries": 1}
        failure = lab.failure(Service(silent().command, {}, failing))
        assert failure.headline == f"{lab.options.name} fails its own HEALTHCHECK"

    def test_a_slow_one_is_not_waited_for(self, lab: Lab) -> None:
        slow = {"Test": ["CMD-SHELL", "exit 0"], "Interval": 30 * 1_000_000_000}
        started = time.monotonic()
        lab.deploy(answering("one", healthcheck=slow))
        assert time.monotonic() - started < 10

    def test_it_is_asked_where_there_is_no_path(self, lab: Lab) -> None:
        quick = {"Test": ["CMD-SHELL", "exit 0"], "Interval": 1_000_000_000 // 2}
        deployment = lab.deploy(answering("one", healthcheck=quick), health="")
        assert "HEALTHCHECK ok" in deployment.evidence


class TestPorts:
    """A port that something else has is no reason to stop what serves."""

    def test_one_that_a_program_has(self, lab: Lab) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            port = server.getsockname()[1]
            failure = lab.failure(answering("one"), port=port)
        assert (failure.kind, failure.exit) == ("deploy.port", Exit.USAGE)
        assert failure.headline == f"port {port} is taken by a program outside of Docker"
        assert lab.names() == []

    def test_one_that_another_container_has(self, lab: Lab, engine: Engine) -> None:
        other = f"{lab.options.name}-other"
        first = lab.deploy(answering("one"))
        port = free_port()
        engine.docker("run", "-d", "--name", other, "-p", f"127.0.0.1:{port}:8080", lab.container().source)  # type: ignore[union-attr]
        try:
            failure = lab.failure(answering("two"), port=port)
        finally:
            engine.docker("rm", "-f", other)
        assert failure.headline == f"port {port} is taken by the container {other}"
        assert answer(first.url) == "one"
        assert lab.names() == [""]

    @pytest.mark.parametrize(
        ("exposes", "headline"),
        [((), "the image exposes no port"), ((8080, 9090), "the image exposes several ports: 8080, 9090")],
    )
    def test_one_that_can_not_be_guessed_is_asked_for(self, lab: Lab, exposes: tuple[int, ...], headline: str) -> None:
        wanted, _ = lab.publish(answering("one", exposes=exposes))
        failure = lab.failure(wanted)
        assert (failure.kind, failure.headline) == ("deploy.container-port", headline)
        assert answer(lab.deploy(wanted, container_port=8080).url) == "one"

    def test_a_service_without_one_is_healthy_while_it_runs(self, lab: Lab) -> None:
        deployment = lab.deploy(answering("one", exposes=()), health="")
        assert (deployment.url, deployment.evidence) == ("", ("running for 3 s",))


class TestOthers:
    """Two runs at once, containers of other people, and runs that were killed."""

    def test_a_second_run_of_this_machine_comes_later(self, lab: Lab) -> None:
        with connected(lab.context) as engine, site(engine, lab.options.name, lab.context):
            failure = lab.failure(answering("one"))
        assert (failure.kind, failure.exit) == ("deploy.busy", Exit.TRY_LATER)

    @pytest.mark.parametrize(("seconds", "is_busy"), [(60, True), (-1, False)])
    def test_a_run_of_another_machine_is_believed_for_a_while(
        self, lab: Lab, engine: Engine, seconds: int, is_busy: bool
    ) -> None:
        first = lab.deploy(answering("one"))
        labels = {"name": lab.options.name, "holder": "another machine", "until": str(int(time.time()) + seconds)}
        flags = [f"--label={LABEL}{key}={value}" for key, value in labels.items()]
        engine.docker("create", "--name", f"{lab.options.name}-next", *flags, lab.container().source)  # type: ignore[union-attr]
        if is_busy:
            assert lab.failure(answering("two")).kind == "deploy.busy"
            assert answer(first.url) == "one"
        else:
            assert answer(lab.deploy(answering("two")).url) == "two"

    def test_what_somebody_else_started_is_not_replaced(self, lab: Lab, engine: Engine) -> None:
        first = lab.deploy(answering("one"))
        other = f"{lab.options.name}-other"
        engine.docker("run", "-d", "--name", other, lab.container().source)  # type: ignore[union-attr]
        try:
            failure = lab.failure(answering("two"), name=other)
        finally:
            engine.docker("rm", "-f", other)
        assert (failure.kind, failure.exit) == ("deploy.name", Exit.USAGE)
        assert answer(first.url) == "one"


MOMENTS = {
    "before the canary": (Replacement, "_try_out"),
    "while the canary starts": (Replacement, "_start_and_ask"),
    "before the other stops": (Replacement, "_stop_the_other"),
    "before the successor has its name": (containers, "rename"),
    "before it is kept alive": (containers, "keep_alive"),
}


@pytest.mark.parametrize("moment", list(MOMENTS)[:3])
def test_an_interrupt_leaves_the_other_one_serving(lab: Lab, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    first = lab.deploy(answering("one"))
    owner, name = MOMENTS[moment]
    monkeypatch.setattr(owner, name, interrupting(getattr(owner, name)))
    with pytest.raises(KeyboardInterrupt):
        lab.deploy(answering("two"))
    assert answer(first.url) == "one"
    assert lab.names() == [""]


def test_an_interrupt_while_the_other_one_stops_starts_it_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lab.deploy(stubborn("one"))
    stop = containers.stop

    def interrupted(engine: object, container: Container, timeout: int) -> None:
        monkeypatch.setattr(containers, "stop", stop)
        threading.Thread(target=stop, args=(engine, container, timeout), daemon=True).start()
        time.sleep(0.5)
        raise KeyboardInterrupt

    monkeypatch.setattr(containers, "stop", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lab.deploy(answering("two"))
    time.sleep(lab.options.stop_timeout + 1)
    assert answer(first.url) == "one"
    assert lab.names() == [""]


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_a_killed_run_left_is_put_right(lab: Lab, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    first = lab.deploy(answering("one"))
    owner, name = MOMENTS[moment]
    with monkeypatch.context() as killed:
        killed.setattr(Replacement, "_bring_back", lambda self: None)
        killed.setattr(owner, name, interrupting(getattr(owner, name)))
        with pytest.raises(KeyboardInterrupt):
            lab.deploy(answering("two"))
    assert lab.names() != [""]
    third = lab.deploy(answering("three"))
    assert third.url == first.url
    assert answer(third.url) == "three"
    assert lab.names() == [""]
    with connected(lab.context) as engine:
        policy = engine.api.inspect_container(lab.options.name)["HostConfig"]["RestartPolicy"]["Name"]
    assert policy == "unless-stopped"


def test_a_run_that_was_killed_with_both_stopped_brings_the_old_one_back_first(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lab.deploy(answering("one"))
    with monkeypatch.context() as killed:
        killed.setattr(Replacement, "_bring_back", lambda self: None)
        killed.setattr(containers, "start", failing_after(1, containers.start))
        with pytest.raises(KeyboardInterrupt):
            lab.deploy(answering("two"))
    assert answer(first.url) == ""
    failure = lab.failure(crashing())
    assert notes(failure)["now"] == f"{first.digest[7:19]} serves as before: it was not touched"
    assert answer(first.url) == "one"


class TestPulling:
    """What the registry or the engine refuses is said as what it is."""

    def test_a_digest_that_is_not_there(self, lab: Lab) -> None:
        wanted, _ = lab.publish(answering("one"))
        failure = lab.failure(msgspec.structs.replace(wanted, digest="sha256:" + "0" * 64))
        assert failure.kind == "deploy.absent"
        assert failure.headline == f"{lab.repository.registry} does not have all of 000000000000"
        assert lab.names() == []

    def test_a_registry_that_the_engine_can_not_reach(self, lab: Lab) -> None:
        wanted, image = lab.publish(answering("one"))
        elsewhere = msgspec.structs.replace(wanted, repository=Repository("127.0.0.1:1", "shop/web"))
        assert lab.failure(elsewhere).kind == "deploy.unreachable"
        deployment = TARGETS["docker"].deploy(elsewhere, image, lab.options, lab.context, lab.logs)
        assert answer(deployment.url) == "one"
        assert "loaded from the layout, since the engine can't reach the registry" in deployment.evidence

    def test_a_layout_of_another_build_is_not_loaded(self, lab: Lab) -> None:
        wanted, _ = lab.publish(answering("one"))
        _, other = lab.publish(answering("two"))
        elsewhere = msgspec.structs.replace(wanted, repository=Repository("127.0.0.1:1", "shop/web"))
        with pytest.raises(Failure) as caught:
            TARGETS["docker"].deploy(elsewhere, other, lab.options, lab.context, lab.logs)
        assert caught.value.kind == "deploy.digest"
        assert lab.names() == []

    def test_an_engine_that_does_not_answer(self, lab: Lab) -> None:
        wanted, _ = lab.publish(answering("one"))
        environ = {**lab.context.environ, "DOCKER_HOST": "unix:///nonexistent.sock"}
        with pytest.raises(Failure) as caught:
            TARGETS["docker"].deploy(
                wanted, None, lab.options, msgspec.structs.replace(lab.context, environ=environ), lab.logs
            )
        assert (caught.value.kind, caught.value.exit) == ("deploy.engine", Exit.TRY_LATER)

    def test_the_engine_of_the_current_docker_context_is_used(self, lab: Lab, engine: Engine, tmp_path: Path) -> None:
        environ = {**lab.context.environ, "DOCKER_CONFIG": str(tmp_path / "config")}
        del environ["DOCKER_HOST"]
        for arguments in (("create", "lab", f"--docker=host={engine.host}"), ("use", "lab")):
            Runner(environ).run(Command(argv=("docker", "context", *arguments), allow=("DOCKER_CONFIG",))).checked()
        with connected(msgspec.structs.replace(lab.context, environ=environ, run=Runner(environ))) as found:
            assert (found.endpoint, found.local) == (engine.host, True)

    def test_one_of_several_platforms_is_a_member_of_the_published_index(self, lab: Lab) -> None:
        wanted, _ = lab.publish_index(answering("one"))
        deployment = lab.deploy(wanted)
        assert answer(deployment.url) == "one"
        assert deployment.digest == wanted.digest


def test_an_engine_that_names_images_by_their_config(
    tmp_path: Path, classic_engine: Engine, small_base: BaseImage, docker_registry: DockerRegistry
) -> None:
    lab = Lab(tmp_path, classic_engine, small_base, docker_registry)
    wanted, image = lab.publish(answering("one"))
    pulled = lab.deploy(wanted)
    assert pulled.running == image.platforms[0].config
    assert answer(pulled.url) == "one"
    other, layout = lab.publish(answering("two"))
    elsewhere = msgspec.structs.replace(other, repository=Repository("127.0.0.1:1", "shop/web"))
    loaded = TARGETS["docker"].deploy(elsewhere, layout, lab.options, lab.context, lab.logs)
    assert answer(loaded.url) == "two"


def test_a_client_sees_little_of_a_replacement(lab: Lab, record_property: pytest.RecordProperty) -> None:
    first = lab.deploy(answering("one"))
    with watching(first.url) as seen:
        lab.deploy(answering("two"))
    texts = [one.text for one in seen]
    assert texts[0] == "one"
    assert texts[-1] == "two"
    assert "one" not in texts[texts.index("two") :]
    down = [one.at for one in seen if one.text not in ("one", "two")]
    silence = max(down) - min(down) if down else 0.0
    record_property("seconds without an answer", round(silence, 2))
    print(f"a client saw {silence:.2f} s without an answer")
    assert silence < 5


class Seen(msgspec.Struct):
    at: float
    text: str


@contextmanager
def watching(url: str) -> Iterator[list[Seen]]:
    """What a client gets that asks every 20 ms."""
    seen: list[Seen] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            seen.append(Seen(time.monotonic(), answer(url)))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
        time.sleep(0.3)
    finally:
        done.set()
        thread.join()


def images(engine: Engine, lab: Lab) -> list[str]:
    """The published images that the engine has."""
    listed = engine.docker("images", "--digests", "--format", "{{.Repository}}@{{.Digest}}", str(lab.repository))
    return sorted(set(listed.split()))


def removing_before(monkeypatch: pytest.MonkeyPatch, moment: str, remove: Callable[[], object]) -> None:
    """Somebody runs ``remove`` just before the replacement comes to ``moment`` for the first time."""
    function, left = getattr(Replacement, moment), [remove]

    def removed(replacement: Replacement, *arguments: object) -> object:
        if left:
            left.pop()()
        return function(replacement, *arguments)

    monkeypatch.setattr(Replacement, moment, removed)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def interrupting(function):
    """Do what is to be done, and be interrupted before anybody learns of it."""

    def interrupted(*arguments: object, **named: object) -> None:
        function(*arguments, **named)
        raise KeyboardInterrupt

    return interrupted


def failing_after(times: int, function):
    """Be interrupted at the call after ``times`` ones."""
    left = [times]

    def sometimes(*arguments: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        function(*arguments)

    return sometimes
