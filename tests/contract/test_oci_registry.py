"""The registry client and real registries: what is sent, what is not, what is left behind."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline_kit import http
from pipeline_kit.context import Silent, SystemClock
from pipeline_kit.errors import Failure
from pipeline_kit.model.digest import short
from pipeline_kit.model.plan import Tag
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.auth import Authorizer
from pipeline_kit.oci.client import HeldManifest, Registry
from pipeline_kit.oci.credential import Credential, anonymous
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.mounts import Mounts
from pipeline_kit.oci.server import serving
from pipeline_kit.oci.transfer import label_of, publish, pull, stage, version_of
from tests.world.docker_registry import running_registry
from tests.world.fault_proxy import Fault, running_fault_proxy
from tests.world.sample_image import AMD64, ARM64, layer_tar, write_image
from tests.world.token_service import Account, running_token_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.model.image import Image
    from tests.world.docker_registry import DockerRegistry

_VERSION = "org.opencontainers.image.version"
_REVISION = "org.opencontainers.image.revision"


def _open(
    address: str,
    path: str,
    *,
    credential: Credential | None = None,
    actions: str = "pull,push",
    mount_from: tuple[str, ...] = (),
) -> Registry:
    repository = Repository(address, path)
    clock = SystemClock()
    scopes = [f"repository:{path}:{actions}", *(f"repository:{source}:pull" for source in mount_from)]
    session = http.session({})
    auth = Authorizer(repository, credential or anonymous(address), session, clock, tuple(scopes))
    return Registry(repository, session, auth, clock)


@contextmanager
def _connected(
    address: str,
    path: str = "team/app",
    *,
    credential: Credential | None = None,
    actions: str = "pull,push",
) -> Iterator[Registry]:
    registry = _open(address, path, credential=credential, actions=actions)
    yield registry


@pytest.fixture(params=["docker-registry", "local registry"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty registry."""
    if request.param == "docker-registry":
        with running_registry(tmp_path / "registry") as running:
            yield running.address
    else:
        with serving(tmp_path / "registry", durable=False) as address:
            yield address


@pytest.fixture
def registry(address: str) -> Iterator[Registry]:
    with _connected(address) as registry:
        yield registry


def _stage(image: Image, registry: Registry, **options: Any) -> tuple[int, int, int]:
    result = stage(Path(image.layout), image, registry, activity=Silent(), **options)
    return result.blobs, result.sent, result.mounted


def test_what_is_pushed_comes_back_the_same(registry: Registry, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", platforms=(AMD64, ARM64), attested=True)
    assert _stage(image, registry) == (6, 6, 0)
    assert registry.list_tags() == ()
    published = publish(registry, image.digest, (Tag("1.5.0", "version"), Tag("1.5", "moving")))
    assert [(tag.name, tag.was) for tag in published] == [("1.5.0", ""), ("1.5", "")]
    assert sorted(registry.list_tags()) == ["1.5", "1.5.0"]
    layout = pull(registry, "1.5", tmp_path / "pulled", activity=Silent())
    assert layout.root.digest == image.digest
    assert layout.platforms == image.platforms


def test_only_what_is_missing_is_sent(registry: Registry, tmp_path: Path) -> None:
    base = layer_tar("base")
    _stage(write_image(tmp_path / "first", tars=[base, layer_tar("one")]), registry)
    second = write_image(tmp_path / "second", tars=[base, layer_tar("two")])
    assert _stage(second, registry) == (3, 2, 0)
    assert _stage(second, registry) == (3, 0, 0)


def _mounts(address: str, path: str, memory: Path, connected: list[Registry], **options: Any) -> Mounts:
    """What earlier pushes left in ``memory``; the client that is used for it is put into ``connected``."""

    def connect(sources: tuple[str, ...]) -> Registry:
        connected.append(_open(address, path, mount_from=sources, **options))
        return connected[-1]

    return Mounts(Repository(address, path), memory, connect)


def _push(image: Image, address: str, path: str, memory: Path, **options: Any) -> tuple[tuple[int, int, int], int]:
    """The counts of a push to the repository ``path``, and how often it asked for a token of its own to mount."""
    connected: list[Registry] = []
    with _connected(address, path, **options) as registry:
        counts = _stage(image, registry, mounts=_mounts(address, path, memory, connected, **options))
        assert registry.head_manifest(image.digest) == image.digest
    return counts, len(connected)


def test_blobs_are_mounted_from_where_an_earlier_push_put_them(address: str, tmp_path: Path) -> None:
    base, memory = layer_tar("base", 2_000_000), tmp_path / "memory"
    first = write_image(tmp_path / "first", tars=[base, layer_tar("one")])
    second = write_image(tmp_path / "second", tars=[base, layer_tar("two")])
    assert _push(first, address, "team/app", memory) == ((3, 3, 0), 0)
    assert _push(second, address, "team/other", memory) == ((3, 2, 1), 1)
    assert _push(second, address, "team/other", memory) == ((3, 0, 0), 0)
    assert _push(first, address, "team/third", memory) == ((3, 0, 3), 1)
    with _connected(address, "team/third") as third:
        assert pull(third, first.digest, tmp_path / "pulled", activity=Silent()).root.digest == first.digest


@pytest.mark.parametrize("torn", [b"", b"{", b"no note"])
def test_without_a_sound_memory_blobs_are_sent(address: str, tmp_path: Path, torn: bytes) -> None:
    image, memory = write_image(tmp_path / "image"), tmp_path / "memory"
    _push(image, address, "team/app", memory)
    for note in memory.iterdir():
        note.write_bytes(torn)
    assert _push(image, address, "team/other", memory) == ((3, 3, 0), 0)


def test_a_mount_that_is_not_possible_is_an_upload(address: str, tmp_path: Path) -> None:
    """What is remembered is not there: the registry refuses twice, and is not asked again."""
    image, memory = write_image(tmp_path / "image", tars=[layer_tar(str(n)) for n in range(9)]), tmp_path / "memory"
    layout = read(tmp_path / "image")
    mounts = _mounts(address, "team/nothing", memory, [])
    mounts.remember(blob.digest for blob in layout.blobs)
    assert _push(image, address, "team/app", memory) == ((10, 10, 0), 1)


@pytest.mark.parametrize("reads", [True, False], ids=["may read", "may not"])
def test_the_right_to_read_where_a_blob_is_is_asked_for(tmp_path: Path, reads: bool) -> None:
    image, memory = write_image(tmp_path / "image"), tmp_path / "memory"
    rights = {
        "team/app": frozenset({"pull", "push"}) if reads else frozenset(),
        "team/other": frozenset({"pull", "push"}),
    }
    owner = Account("owner", "secret", {"*": frozenset({"pull", "push"})})
    with (
        running_token_service(tmp_path, (owner, Account("pusher", "secret", rights))) as service,
        running_registry(tmp_path / "registry", auth=service.auth) as running,
    ):
        _push(image, running.address, "team/app", memory, credential=_credential(running, "owner"))
        counts, _ = _push(image, running.address, "team/other", memory, credential=_credential(running, "pusher"))
    assert counts == ((3, 0, 3) if reads else (3, 3, 0))


def test_a_version_names_one_image_for_ever(registry: Registry, tmp_path: Path) -> None:
    first = write_image(tmp_path / "first", labels={_REVISION: "9c1f2e7", _VERSION: "1.5.0"})
    second = write_image(tmp_path / "second", tars=[layer_tar("other")])
    version, latest = Tag("1.5.0", "version"), Tag("latest", "moving")
    for image in (first, second):
        _stage(image, registry)
    publish(registry, first.digest, (version, latest))
    again = publish(registry, first.digest, (version,))
    assert again[0].was == first.digest
    with pytest.raises(Failure, match=r"1\.5\.0 is published already") as caught:
        publish(registry, second.digest, (version, latest))
    assert caught.value.kind == "push.taken"
    assert caught.value.done == "all blobs, 0 of 2 tags published"
    assert "9c1f2e7" in caught.value.notes[0].text
    assert registry.head_manifest("latest") == first.digest
    assert publish(registry, second.digest, (latest,))[0].was == first.digest


def test_a_version_that_somebody_else_publishes_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    first = write_image(tmp_path / "first")
    second = write_image(tmp_path / "second", tars=[layer_tar("other")])
    with serving(tmp_path / "registry", durable=False) as address, _connected(address) as registry:
        for image in (first, second):
            _stage(image, registry)
        ask, get = registry.head_manifest, registry.get_manifest
        publish(registry, first.digest, (Tag("1.5.0", "version"),))
        looks = iter(["of the image", "of the tag, which was not there yet"])

        def early(reference: str) -> HeldManifest | None:
            return None if next(looks, "").startswith("of the tag") else get(reference)

        registry.get_manifest = early  # type: ignore[method-assign]
        with pytest.raises(Failure) as caught:
            publish(registry, second.digest, (Tag("1.5.0", "version"),))
        assert caught.value.kind == "push.taken"
        assert ask("1.5.0") == first.digest


def test_labels_of_what_a_tag_names_are_read(registry: Registry, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", platforms=(AMD64, ARM64), attested=True, labels={_VERSION: "1.5.0"})
    _stage(image, registry)
    publish(registry, image.digest, (Tag("latest", "moving"),))
    assert version_of(registry, "latest") == "1.5.0"
    assert label_of(registry, "latest", _REVISION) is None
    assert version_of(registry, "never") is None


def test_all_tags_are_listed_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_kit.oci.listing._PAGE", 7)
    image = write_image(tmp_path / "image")
    names = {f"t{number}" for number in range(20)}
    with serving(tmp_path / "registry", durable=False) as address, _connected(address) as registry:
        _stage(image, registry)
        publish(registry, image.digest, tuple(Tag(name, "moving") for name in names))
        assert set(registry.list_tags()) == names


def test_what_is_deleted_is_gone(registry: Registry, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    _stage(image, registry)
    assert registry.delete_manifest(image.digest)
    assert not registry.delete_manifest(image.digest)
    assert registry.head_manifest(image.digest) is None
    assert registry.get_manifest(image.digest) is None


def test_referrers_are_found_with_and_without_the_api(registry: Registry, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    _stage(image, registry)
    assert registry.referrers(image.digest) == ()
    kind = "application/vnd.example.report"
    report = _referrer(registry, image, kind)
    assert [entry.digest for entry in registry.referrers(image.digest, kind)] == [report]
    assert registry.referrers(image.digest, "application/vnd.example.other") == ()


def _referrer(registry: Registry, image: Image, kind: str) -> str:
    """Attach a manifest to ``image``, with the fallback tag where the registry does not list it."""
    import msgspec

    from pipeline_kit.oci import media_types
    from pipeline_kit.oci.documents import Descriptor

    empty = Descriptor("application/vnd.oci.empty.v1+json", registry.put_blob(b"{}"), 2)
    root = registry.get_manifest(image.digest)
    assert root
    manifest = msgspec.json.encode(
        {
            "schemaVersion": 2,
            "mediaType": media_types.MANIFEST,
            "artifactType": kind,
            "config": empty,
            "layers": [empty],
            "subject": Descriptor(root.media_type, root.digest, len(root.content)),
        }
    )
    from pipeline_kit.model.digest import digest_of

    digest = digest_of(manifest)
    stored = registry.put_manifest(manifest, media_types.MANIFEST, digest)
    assert stored
    if not stored.subject:
        entry = Descriptor(media_types.MANIFEST, digest, len(manifest), artifact_type=kind)
        index = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": [entry]}
        tag = image.digest.replace(":", "-")
        assert registry.put_manifest(msgspec.json.encode(index), media_types.INDEX, tag)
    return digest


def test_a_blob_changed_on_disk_is_never_completed(registry: Registry, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", tars=[layer_tar("big", 1_000_000)])
    layer = image.platforms[0].layers[0]
    path = blob_path(tmp_path / "image", layer)
    content = path.read_bytes()
    path.write_bytes(content[:500_000] + bytes([content[500_000] ^ 1]) + content[500_001:])
    with pytest.raises(Failure, match=short(layer)) as caught:
        _stage(image, registry)
    assert caught.value.kind == "layout.tampered"
    assert caught.value.done
    assert registry.head_blob(layer) is None
    assert registry.head_manifest(image.digest) is None


def test_blobs_that_the_registry_only_says_it_has_are_sent_again(address: str, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    with _connected(address) as registry:
        registry.head_blob = lambda *_: -1  # type: ignore[method-assign]
        assert _stage(image, registry)[0] == 3
    with _connected(address) as honest:
        assert pull(honest, image.digest, tmp_path / "pulled", activity=Silent()).root.digest == image.digest


def test_an_upload_that_broke_off_goes_on_where_the_registry_allows_it(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", tars=[layer_tar("big", 4_000_000)])
    counted: list[int] = []

    class Counting(Silent):
        def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
            counted.append(done)

    with (
        serving(tmp_path / "registry", durable=False) as upstream,
        running_fault_proxy(upstream) as proxy,
        _connected(proxy.address) as registry,
    ):
        proxy.arm(Fault.RESET_DURING, 2)
        stage(Path(image.layout), image, registry, activity=Counting(), workers=1)
        methods = [request.split()[0] for request in proxy.requests]
        assert proxy.struck
        assert methods[:7] == ["HEAD", "POST", "PATCH", "HEAD", "GET", "PATCH", "PUT"]
        assert counted[-1] == image.size
        assert registry.head_manifest(image.digest) == image.digest


@pytest.mark.parametrize("workers", [1, 6])
def test_one_token_is_enough(tmp_path: Path, workers: int) -> None:
    image = write_image(tmp_path / "image", tars=[layer_tar(str(number)) for number in range(20)])
    pusher = Account("pusher", "secret", {"*": frozenset({"pull", "push"})})
    with (
        running_token_service(tmp_path, (pusher,)) as service,
        running_registry(tmp_path / "registry", auth=service.auth) as running,
        _connected(running.address, credential=_credential(running, "pusher")) as registry,
    ):
        stage(Path(image.layout), image, registry, activity=Silent(), workers=workers)
        publish(registry, image.digest, (Tag("latest", "moving"),))
        assert service.asked == ["GET /oauth2/token 200"]
        assert registry.granted() == {"pull", "push"}


def test_a_reader_is_told_so_at_once(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    reader = Account("reader", "secret", {"*": frozenset({"pull"})})
    with (
        running_token_service(tmp_path, (reader,)) as service,
        running_registry(tmp_path / "registry", auth=service.auth) as running,
        _connected(running.address, credential=_credential(running, "reader")) as registry,
    ):
        assert registry.granted() == {"pull"}
        with pytest.raises(Failure) as caught:
            _stage(image, registry)
        assert caught.value.kind == "registry.denied"
        assert len(service.asked) <= 3


def test_a_wrong_password_is_not_tried_again(tmp_path: Path) -> None:
    with (
        running_token_service(tmp_path, (Account("pusher", "secret"),)) as service,
        running_registry(tmp_path / "registry", auth=service.auth) as running,
        _connected(running.address, credential=_credential(running, "pusher", "wrong")) as registry,
    ):
        with pytest.raises(Failure) as caught:
            registry.ping()
        assert caught.value.kind == "registry.unauthorized"
        assert "the test" in caught.value.notes[0].text
        assert service.asked == ["GET /oauth2/token 401"]


def _credential(registry: DockerRegistry, name: str, password: str = "secret") -> Credential:
    return Credential(registry=registry.address, username=name, secret=password, origin="the test")


def test_ctrl_c_ends_an_upload_at_once_and_leaves_nothing_behind(address: str, tmp_path: Path) -> None:
    tars = [layer_tar(str(number), 30_000_000) for number in range(4)]
    image = write_image(tmp_path / "image", tars=tars)

    class Interrupting(Silent):
        def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
            if done > 5_000_000 and not interrupted:
                interrupted.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGINT)

    interrupted: list[float] = []
    with _connected(address) as registry:
        with pytest.raises(KeyboardInterrupt):
            stage(Path(image.layout), image, registry, activity=Interrupting())
        assert time.monotonic() - interrupted[0] < 2
        assert registry.head_manifest(image.digest) is None
    left = [path for path in (tmp_path / "registry").rglob("*") if path.is_file() and path.stat().st_size > 100_000]
    assert not left
