"""What an engine says, told as what it means; and what is asked for before an engine is."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.context import Context
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.published import Published
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.credential import Credential
from pipeline_kit.process import Runner
from pipeline_kit.targets import TARGETS
from pipeline_kit.targets.docker import _check_name, _host, _variables
from pipeline_kit.targets.docker_engine import Engine, connected
from pipeline_kit.targets.docker_load import _archive
from pipeline_kit.targets.docker_options import DockerOptions
from pipeline_kit.targets.docker_pull import _auth, _refused
from tests.unit.test_target_probe import CONTEXT

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED = Published("sha256:" + "4f" * 32, Repository("registry.example", "shop/web"), (), 3, 3)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("dial tcp 127.0.0.1:5000: connect: connection refused", "deploy.unreachable"),
        ("dial tcp: lookup registry.example: no such host", "deploy.unreachable"),
        ("http: server gave HTTP response to HTTPS client", "deploy.unreachable"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "deploy.unreachable"),
        ("unauthorized: authentication required", "deploy.denied"),
        ("pull access denied for shop/web, repository does not exist or may require 'docker login'", "deploy.denied"),
        ("toomanyrequests: You have reached your pull rate limit", "deploy.throttled"),
        ("manifest unknown: manifest unknown", "deploy.absent"),
        ("failed to resolve reference: not found", "deploy.absent"),
        ("unknown blob", "deploy.absent"),
        ("write /var/lib/docker/tmp/x: no space left on device", "tool.disk"),
        ("something nobody knows", "deploy.pull"),
    ],
)
def test_a_refused_pull_is_told_by_its_cause(said: str, kind: str) -> None:
    failure = _refused(PUBLISHED, said)
    assert failure.kind == kind
    assert failure.evidence == (f"│ {said}",)
    assert failure.exit in (Exit.BROKE, Exit.TRY_LATER)


def test_credentials_go_to_the_engine_for_their_registry_alone() -> None:
    named = Credential(registry="registry.example", username="ci", secret="x", origin="test")
    token = Credential(registry="registry.example", username="", secret="x", origin="test", is_identity_token=True)
    nobody = Credential(registry="registry.example", username="", secret="", origin="test")
    assert _auth(named) == {"username": "ci", "password": "x", "serveraddress": "registry.example"}
    assert _auth(token) == {"identitytoken": "x", "serveraddress": "registry.example"}
    assert _auth(nobody) == {}


def test_variables_take_values_that_are_not_written_down_from_the_run() -> None:
    context = _with_environ({"TOKEN": "s3cret"})
    assert _variables(("MODE=a=b", "EMPTY=", "TOKEN"), context) == {"MODE": "a=b", "EMPTY": "", "TOKEN": "s3cret"}
    with pytest.raises(Failure) as caught:
        _variables(("MISSING",), context)
    assert (caught.value.kind, caught.value.exit) == ("deploy.variable", Exit.USAGE)


@pytest.mark.parametrize("name", ["", "-x", "a/b", "a b", "x" * 101])
def test_a_name_that_docker_would_not_take_is_refused_first(name: str) -> None:
    with pytest.raises(Failure, match="can't be the name of a container"):
        _check_name(name)


@pytest.mark.parametrize(
    ("address", "local", "host"),
    [
        ("127.0.0.1", True, "127.0.0.1"),
        ("0.0.0.0", True, "127.0.0.1"),
        ("0.0.0.0", False, "far"),
        ("10.1.2.3", True, "10.1.2.3"),
    ],
)
def test_a_port_is_asked_where_it_is_published(address: str, local: bool, host: str) -> None:
    assert _host(Engine(None, "", "127.0.0.1" if local else "far", local, "", ""), address) == host


def test_the_loopback_of_another_machine_is_refused() -> None:
    with pytest.raises(Failure) as caught:
        _host(Engine(None, "tcp://far:2375", "far", local=False, id="", platform=""), "127.0.0.1")
    assert caught.value.kind == "deploy.address"


def test_an_engine_behind_ssh_is_refused_with_a_way_out() -> None:
    with pytest.raises(Failure, match="behind ssh"), connected(_with_environ({"DOCKER_HOST": "ssh://user@far"})):
        pass


def test_a_dry_run_says_where_it_would_serve() -> None:
    assert TARGETS["docker"].describe(DockerOptions(name="web", port=8080)) == "docker: container web on port 8080"
    assert TARGETS["docker"].describe(DockerOptions(name="web")) == "docker: container web on a free port"


def test_a_layout_is_sent_as_a_sound_tar(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"x" * 1000)
    (tmp_path / "def").write_bytes(b"y" * 512)
    content = b"".join(_archive({"index.json": b"{}"}, [tmp_path / "abc", tmp_path / "def"]))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["index.json", "blobs/sha256/abc", "blobs/sha256/def"]
        assert archive.extractfile("blobs/sha256/abc").read() == b"x" * 1000  # type: ignore[union-attr]


def _with_environ(environ: dict[str, str]) -> Context:
    return Context(
        root=CONTEXT.root,
        state=CONTEXT.state,
        output=CONTEXT.output,
        environ=environ,
        run=Runner(environ),
        event=CONTEXT.event,
        identity=CONTEXT.identity,
    )
