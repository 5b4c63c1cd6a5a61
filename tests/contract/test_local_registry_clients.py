"""The programs that people have push to the local registry and pull from it, and the digest stays."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.oci.layout import blob_path
from pipeline_kit.oci.server import serving
from pipeline_kit.process import Command, Runner
from tests.registry_requests import connected
from tests.world.debian_packages import installed, unpacked
from tests.world.oci_layout import write_layout
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.registry_requests import Connection
    from tests.world.engine import Engine

    Run = Callable[..., str]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path / "registry", durable=False) as address:
        yield address


@pytest.fixture
def registry(address: str) -> Iterator[Connection]:
    with connected(address) as connection:
        yield connection


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """An image of two layers, which no engine has seen."""
    layers = [_tar("first", os.urandom(300_000)), _tar("second", b"small")]
    write_layout(tmp_path / "layout", layers, {"Cmd": ["/second"]})
    return tmp_path / "layout"


@pytest.fixture
def image(registry: Connection, layout: Path) -> str:
    """The digest of that image, which is shop/web:1.0 in the registry."""
    digest = str(json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"])
    content = blob_path(layout, digest).read_bytes()
    manifest = json.loads(content)
    for blob in (manifest["config"], *manifest["layers"]):
        registry.push_blob("shop/web", blob_path(layout, blob["digest"]).read_bytes())
    assert registry.push("shop/web", "1.0", content).status == 201
    return digest


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a program with a home of its own, and gives its standard output."""
    home = tmp_path / "home"
    (home / "docker").mkdir(parents=True)
    (home / "docker" / "config.json").write_text("{}")
    own = {"HOME": str(home), "DOCKER_CONFIG": str(home / "docker"), "XDG_RUNTIME_DIR": str(home)}

    def run(program: Path | str, *arguments: str, environ: dict[str, str] | None = None) -> str:
        command = Command(argv=(str(program), *arguments), extra={**own, **(environ or {})}, cwd=home, timeout=120)
        return Runner(os.environ).run(command).checked().text

    return run


@pytest.fixture
def skopeo() -> Path:
    return _installed("skopeo")


@pytest.fixture
def podman() -> Path:
    return _installed("podman")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Podman's runroot has at most 50 characters."""
    with tempfile.TemporaryDirectory(prefix="pk", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def oras() -> Path:
    return _unpacked("oras")


@pytest.fixture
def cosign() -> Path:
    return _unpacked("cosign")


def _tar(name: str, content: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    file.seek(0)
    return file


def _installed(program: str) -> Path:
    try:
        return installed(program, program)
    except Unavailable as unavailable:
        pytest.skip(str(unavailable))


def _unpacked(program: str) -> Path:
    """The program that is installed, else Debian 13's, which runs on 12 too."""
    if found := shutil.which(program):
        return Path(found)
    try:
        return unpacked("trixie", program) / "root" / "usr" / "bin" / program
    except Unavailable as unavailable:
        pytest.skip(str(unavailable))


def _digest(registry: Connection, repository: str, reference: str) -> str:
    answer = registry("HEAD", f"{repository}/manifests/{reference}")
    assert answer.status == 200
    return str(answer.headers["Docker-Content-Digest"])


@pytest.mark.parametrize("kind", ["engine", "classic_engine"])
def test_docker_pulls_and_pushes(
    address: str, registry: Connection, image: str, kind: str, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(kind)
    pulled, pushed = f"{address}/shop/web:1.0", f"{address}/docker/web:2.0"
    assert image in engine.docker("pull", pulled)
    try:
        engine.docker("tag", pulled, pushed)
        said = _DIGEST.findall(engine.docker("push", pushed))[-1]
    finally:
        engine.docker("rmi", pulled, pushed)
    assert _digest(registry, "docker/web", "2.0") == said
    if engine.store == "containerd":  # the classic store packs layers again
        assert said == image


def test_buildx_pushes_what_it_builds(address: str, registry: Connection, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "file").write_bytes(os.urandom(100_000))
    (tmp_path / "project" / "Dockerfile").write_text("FROM scratch\nCOPY file /\n")
    metadata, reference = tmp_path / "metadata.json", f"{address}/buildx/web:1"
    arguments = ("--push", "--tag", reference, "--metadata-file", str(metadata), str(tmp_path / "project"))
    engine.docker("buildx", "build", *arguments)
    assert _digest(registry, "buildx/web", "1") == json.loads(metadata.read_text())["containerimage.digest"]


def test_containerd_pulls_and_pushes(address: str, registry: Connection, image: str, engine: Engine, run: Run) -> None:
    ctr = shutil.which("ctr", path=engine.path)
    sockets = [*Path(engine.host.removeprefix("unix://")).parent.glob("*/containerd/containerd.sock")]
    if not ctr or not sockets:
        pytest.skip("the engine's containerd, or its client ctr, can't be reached")
    name = f"pipeline-kit-{os.getpid()}"
    base = (ctr, "--address", str(sockets[0]), "--namespace", name)
    pulled, pushed = f"{address}/shop/web:1.0", f"{address}/containerd/web:1.0"
    run(*base, "content", "fetch", "--plain-http", pulled)
    try:
        assert image in run(*base, "images", "list", f"name=={pulled}")
        run(*base, "images", "tag", pulled, pushed)
        run(*base, "images", "push", "--plain-http", pushed)
    finally:
        run(*base, "images", "remove", "--sync", pulled, pushed)
        run(*base, "namespaces", "remove", name)
    assert _digest(registry, "containerd/web", "1.0") == image


def test_podman_pulls_and_pushes(
    address: str, registry: Connection, image: str, podman: Path, run: Run, tmp_path: Path, short_path: Path
) -> None:
    store = ("--root", str(tmp_path / "podman"), "--runroot", str(short_path), "--storage-driver", "vfs")
    pulled, pushed = f"{address}/shop/web:1.0", f"{address}/podman/web:1.0"
    run(podman, *store, "pull", "--tls-verify=false", pulled)
    assert run(podman, *store, "image", "inspect", "--format", "{{.Digest}}", pulled) == image
    digest_file = tmp_path / "digest"
    run(podman, *store, "push", "--tls-verify=false", "--digestfile", str(digest_file), pulled, pushed)
    said = digest_file.read_text()  # not the image's: its store keeps layers unpacked, and packs them again
    assert _digest(registry, "podman/web", "1.0") == said
    run(podman, *store, "pull", "--tls-verify=false", f"{address}/podman/web@{said}")


def test_skopeo_pulls_and_pushes(
    address: str, registry: Connection, image: str, skopeo: Path, run: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    run(skopeo, "copy", "--src-tls-verify=false", f"docker://{address}/shop/web@{image}", f"oci:{copy}:1.0")
    assert blob_path(copy, image).is_file()
    run(skopeo, "copy", "--dest-tls-verify=false", f"oci:{copy}:1.0", f"docker://{address}/skopeo/web:1.0")
    assert _digest(registry, "skopeo/web", "1.0") == image
    tags = json.loads(run(skopeo, "list-tags", "--tls-verify=false", f"docker://{address}/skopeo/web"))
    assert tags["Tags"] == ["1.0"]
    run(skopeo, "delete", "--tls-verify=false", f"docker://{address}/skopeo/web:1.0")
    assert registry("HEAD", "skopeo/web/manifests/1.0").status == 404


def test_skopeo_reads_a_repository_as_an_oci_layout(
    address: str, image: str, skopeo: Path, run: Run, tmp_path: Path
) -> None:
    repository = tmp_path / "registry" / "repositories" / "shop+web"
    assert json.loads(run(skopeo, "inspect", f"oci:{repository}:1.0"))["Digest"] == image


def test_oras_copies_attaches_and_discovers(
    address: str, registry: Connection, image: str, oras: Path, run: Run, tmp_path: Path
) -> None:
    there = f"{address}/oras/web:1.0"
    run(oras, "copy", "--from-plain-http", "--to-plain-http", f"{address}/shop/web:1.0", there)
    assert _digest(registry, "oras/web", "1.0") == image
    (tmp_path / "home" / "sbom.json").write_text("{}")
    kind = "application/vnd.example.sbom"
    run(oras, "attach", "--plain-http", "--artifact-type", kind, there, "sbom.json:application/json")
    found = json.loads(run(oras, "discover", "--plain-http", "--format", "json", "--artifact-type", kind, there))
    (attached,) = found["manifests"]
    assert attached["artifactType"] == kind
    run(oras, "pull", "--plain-http", "--output", "pulled", f"{address}/oras/web@{attached['digest']}")
    assert (tmp_path / "home" / "pulled" / "sbom.json").read_text() == "{}"


def test_cosign_signs_and_verifies(address: str, image: str, cosign: Path, run: Run) -> None:
    reference = f"{address}/shop/web@{image}"
    environ = {"COSIGN_PASSWORD": ""}
    run(cosign, "generate-key-pair", environ=environ)
    run(cosign, "sign", "--key", "cosign.key", "--tlog-upload=false", "--yes", reference, environ=environ)
    verified = run(cosign, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", reference)
    assert json.loads(verified)[0]["critical"]["image"]["docker-manifest-digest"] == image
