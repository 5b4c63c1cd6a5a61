"""What the docker client tells, and the failures that come of it."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from pipeline_kit.context import Context
from pipeline_kit.engines import docker, docker_client
from pipeline_kit.engines.docker_client import Info, is_client_alone, no_answer, numbers
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.process import Runner


def info(text: str) -> Info:
    return msgspec.json.decode(text.encode(), type=Info)


def test_the_containerd_store_is_told_from_the_classic_one():
    assert info('{"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}').has_containerd_store
    assert not info('{"DriverStatus":[["Backing Filesystem","extfs"],["Supports d_type","true"]]}').has_containerd_store
    assert not info('{"DriverStatus":null}').has_containerd_store


def test_buildx_is_found_among_the_plugins():
    plugins = '[{"Name":"compose"},{"Name":"buildx","Version":"v0.38.2","Path":"/x/docker-buildx","Err":null}]'
    buildx = info(f'{{"ClientInfo":{{"Version":"28.2.2","Plugins":{plugins}}}}}').buildx
    assert buildx
    assert (buildx.version, buildx.path) == ("v0.38.2", "/x/docker-buildx")
    assert info('{"ClientInfo":{"Debug":false,"Plugins":null}}').buildx is None


@pytest.mark.parametrize(
    ("reason", "kind", "exit_code"),
    [
        ("Cannot connect to the Docker daemon at unix:///x. Is it running?", "engine-down", Exit.TRY_LATER),
        ("error during connect: dial tcp: lookup nosuch.invalid: no such host", "engine-down", Exit.TRY_LATER),
        ("permission denied while trying to connect to the Docker daemon socket", "engine-denied", Exit.USAGE),
    ],
)  # fmt: skip
def test_an_engine_that_does_not_answer_is_told_from_one_that_refuses(reason, kind, exit_code):
    failure = no_answer(Info(server_errors=(reason,)))
    assert (failure.kind, failure.exit) == (f"build.{kind}", exit_code)
    assert failure.evidence == (f"│ {reason}",)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("26.1.5+dfsg1", (26, 1)),
        ("v0.13.1", (0, 13)),
        ("dev", (1000, 0)),
        ("", (1000, 0)),
        ("0.0.0+unknown", (1000, 0)),
        ("0.9.1", (0, 9)),
    ],
)
def test_versions_are_compared_by_their_first_two_numbers(version, expected):
    assert numbers(version) == expected


@pytest.fixture
def context(tmp_path):
    return Context(
        root=tmp_path,
        state=tmp_path / "state",
        output=tmp_path / ".pipeline-kit",
        environ={},
        run=Runner({}),
        event=Event(kind="local"),
        identity=RunIdentity(ci="local"),
    )


def test_a_client_without_buildx_is_told_how_to_get_it(context):
    with pytest.raises(Failure) as caught:
        docker._buildx(info('{"ServerVersion":"28.2.2","ClientInfo":{"Version":"28.2.2","Plugins":[]}}'), context)
    assert (caught.value.kind, caught.value.exit) == ("build.buildx-missing", Exit.USAGE)


def test_a_client_with_nothing_behind_it_is_no_engine(context, tmp_path, monkeypatch):
    monkeypatch.setattr(docker_client, "_SOCKET", str(tmp_path / "docker.sock"))
    nothing = Info(server_errors=(f"Cannot connect to the Docker daemon at unix://{tmp_path}/docker.sock.",))
    assert is_client_alone(nothing, context)
    assert not is_client_alone(nothing, replace(context, environ={"DOCKER_HOST": "unix:///x"}))
    (tmp_path / "docker.sock").touch()
    assert not is_client_alone(nothing, context)


def test_a_builder_that_buildx_does_not_know_is_named():
    failure = docker_client.unknown_builder('ERROR: no builder "ci" found')
    assert failure
    assert (failure.kind, failure.headline) == ("build.builder", "there is no buildx builder ci")
    assert docker_client.unknown_builder("ERROR: something else") is None
