"""Many publish at once: a tag that moves never moves backwards, and a version names one image."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.context import Context
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.image import Tool
from pipeline_kit.model.plan import Plan, Tag
from pipeline_kit.model.reference import Repository
from pipeline_kit.model.verdict import Verdict
from pipeline_kit.oci.connect import connect
from pipeline_kit.oci.credential import anonymous
from pipeline_kit.oci.labels import REVISION, VERSION
from pipeline_kit.oci.server import serving
from pipeline_kit.oci.transfer import publish, stage
from pipeline_kit.process import Runner
from pipeline_kit.steps.push import push
from tests.world.docker_registry import running_registry
from tests.world.repository import Repository as GitRepository
from tests.world.sample_image import layer_tar, write_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline_kit.model.published import Published
    from pipeline_kit.oci.client import HeldManifest, Registry

_REGISTRIES = ("docker-registry", "local registry")
_COMMIT = "9c1f2e7" + "0" * 33


@contextmanager
def _registry(kind: str) -> Iterator[str]:
    """The address of an empty registry of its own, which keeps all in memory where it can."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        if kind == "docker-registry":
            with running_registry(Path(folder, "registry")) as registry:
                yield registry.address
        else:
            with serving(Path(folder, "registry"), durable=False) as address:
                yield address


class Writer:
    """Somebody who publishes ``image`` as ``version`` and as the tags that move with it."""

    def __init__(self, folder: Path, version: str, content: str = "") -> None:
        labels = {VERSION: version, REVISION: _COMMIT}
        folder.mkdir()
        self.image = write_image(
            folder / "layout", tars=[layer_tar("same"), layer_tar(f"{version}{content}")], labels=labels
        )
        self.version = version
        moving = [Tag(name, "moving") for name in (version.rpartition(".")[0], version.partition(".")[0], "latest")]
        self.plan = Plan(_COMMIT, 1, version, "test", True, (Tag(version, "version"), *moving), labels)
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        self.context = Context(
            root=folder,
            state=folder / "state" / "run",
            output=folder / "output",
            environ=environ,
            run=Runner(environ),
            event=Event("push"),
            identity=RunIdentity("local"),
        )

    def push(self, repository: Repository, git: GitRepository) -> Published:
        verdict = Verdict(self.image.digest, "pass", Tool("test", "1"), "none")
        return push(self.image, self.plan, verdict, repository, self.context, git.git)

    def at(self, repository: Repository) -> Registry:
        return connect(repository, anonymous(repository.registry), self.context)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    made = GitRepository(tmp_path_factory.mktemp("git"))
    made.commit("feat: one")
    return made


def _at_once(acts: list[Callable[[], object]]) -> list[object]:
    """What each gives, or the exception that it ends with; all begin at the same moment."""
    start = threading.Barrier(len(acts))
    found: list[object] = [None] * len(acts)

    def run(number: int) -> None:
        start.wait()
        try:
            found[number] = acts[number]()
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _race(kind: str, versions: list[str], rounds: int, tmp_path: Path, git: GitRepository) -> list[str]:
    """What the tags that move were wrong about, in all rounds."""
    writers = [Writer(tmp_path / version, version) for version in versions]
    newest = writers[-1]
    wrong = []
    with _registry(kind) as address:
        for number in range(rounds):
            repository = Repository(address, f"race/r{number}")
            ended = _at_once([partial(one.push, repository, git) for one in writers])
            wrong += [f"round {number}: {one!r}" for one in ended if isinstance(one, BaseException)]
            registry = newest.at(repository)
            for tag in newest.plan.tags:
                if registry.head_manifest(tag.name) != newest.image.digest:
                    named = [one.version for one in writers if one.image.digest == registry.head_manifest(tag.name)]
                    wrong.append(f"round {number}: {tag.name} is {named}")
    print(f"{kind}: {len(writers)} writers, {rounds} rounds: {len(wrong)} wrong {wrong}")
    return wrong


@pytest.mark.parametrize("kind", _REGISTRIES)
def test_sixteen_versions_at_once_leave_the_newest_as_latest(kind: str, tmp_path: Path, git: GitRepository) -> None:
    assert _race(kind, [f"1.{number}.0" for number in range(16)], 20, tmp_path, git) == []


@pytest.mark.parametrize("kind", _REGISTRIES)
def test_of_two_neighbours_the_newer_one_stays(kind: str, tmp_path: Path, git: GitRepository) -> None:
    assert _race(kind, ["1.5.0", "1.5.1"], 40, tmp_path, git) == []


def _one_version(kind: str, rounds: int, tmp_path: Path, git: GitRepository) -> None:
    writers = [Writer(tmp_path / name, "1.5.0", name) for name in ("one", "other")]
    with _registry(kind) as address:
        for number in range(rounds):
            repository = Repository(address, f"race/r{number}")
            ended = _at_once([partial(one.push, repository, git) for one in writers])
            held = writers[0].at(repository).head_manifest("1.5.0")
            for writer, end in zip(writers, ended, strict=True):
                if writer.image.digest == held:
                    assert not isinstance(end, BaseException), end
                else:
                    assert isinstance(end, Failure), end
                    assert (end.kind, end.exit) == ("push.taken", Exit.REFUSED)
                    assert "pipeline-kit run" in end.notes[-1].text
                    assert "1.5.0" not in str(end.done)
            for tag in ("1.5", "1", "latest"):
                assert writers[0].at(repository).head_manifest(tag) == held, f"round {number}: {tag}"
    print(f"{kind}: 2 images for one version, {rounds} rounds: one image each")


@pytest.mark.parametrize("kind", _REGISTRIES)
def test_a_hundred_races_for_one_version_have_one_winner_each(kind: str, tmp_path: Path, git: GitRepository) -> None:
    _one_version(kind, 100, tmp_path, git)


@pytest.mark.parametrize("kind", _REGISTRIES)
def test_a_few_races_for_one_version(kind: str, tmp_path: Path, git: GitRepository) -> None:
    _one_version(kind, 3, tmp_path, git)


@pytest.mark.parametrize("kind", _REGISTRIES)
def test_an_older_writer_between_reading_and_writing_does_not_win(
    kind: str, tmp_path: Path, git: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older one is stopped just before it writes latest, until the newer one has written it."""
    older, newer = Writer(tmp_path / "older", "1.5.0"), Writer(tmp_path / "newer", "1.6.0")
    about_to_write, may_write = threading.Event(), threading.Event()
    with _registry(kind) as address:
        repository = Repository(address, "shop/web")
        registry = older.at(repository)
        store = registry.put_manifest

        def late(content: bytes, media_type: str, reference: str, **others: object) -> object:
            if reference == "latest" and not may_write.is_set():
                about_to_write.set()
                assert may_write.wait(60)
            return store(content, media_type, reference, **others)  # type: ignore[arg-type] # passed on

        monkeypatch.setattr(registry, "put_manifest", late)
        monkeypatch.setattr("pipeline_kit.oci.connect.connect", lambda *_, **__: registry)
        thread = threading.Thread(target=partial(older.push, repository, git))
        thread.start()
        assert about_to_write.wait(60)
        monkeypatch.undo()
        other = newer.at(repository)
        ask = other.has_conditions

        def all_is_written(held: HeldManifest) -> bool:
            # The newer one has written everything, and looks once more only where conditions don't count.
            may_write.set()
            thread.join()
            return ask(held)

        monkeypatch.setattr(other, "has_conditions", all_is_written)
        monkeypatch.setattr("pipeline_kit.oci.connect.connect", lambda *_, **__: other)
        newer.push(repository, git)
        may_write.set()
        thread.join()
        monkeypatch.undo()
        assert newer.at(repository).head_manifest("latest") == newer.image.digest


def test_who_writes_last_over_an_equal_image_is_told_so_at_the_end(tmp_path: Path) -> None:
    """Neither is newer: what both may write is not written for ever."""
    writer = Writer(tmp_path / "one", "1.5.0")
    others = [Writer(tmp_path / name, "1.5.0", name) for name in ("other", "third")]
    with _registry("docker-registry") as address:
        repository = Repository(address, "shop/web")
        registry = writer.at(repository)
        for one in (writer, *others):
            with one.context.report.activity("") as activity:
                stage(Path(one.image.layout), one.image, registry, activity=activity)
        store = registry.put_manifest
        rivals = cycle([registry.get_manifest(one.image.digest) for one in others])

        def overwritten(content: bytes, media_type: str, reference: str, **options: object) -> object:
            stored = store(content, media_type, reference, **options)  # type: ignore[arg-type] # passed on
            if rival := next(rivals):
                store(rival.content, rival.media_type, reference)
            return stored

        registry.put_manifest = overwritten  # type: ignore[method-assign,assignment] # a rival that never rests
        with pytest.raises(Failure) as caught:
            publish(registry, writer.image.digest, (Tag("main", "branch"),))
    assert (caught.value.kind, caught.value.exit) == ("push.raced", Exit.TRY_LATER)
    assert caught.value.done == "all blobs, 0 of 1 tags published"


def test_an_interrupt_between_two_tags_says_which_are_set(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "one", "1.5.0")
    with _registry("local registry") as address:
        registry = writer.at(Repository(address, "shop/web"))
        with writer.context.report.activity("") as activity:
            stage(Path(writer.image.layout), writer.image, registry, activity=activity)
        store = registry.put_manifest

        def interrupted(content: bytes, media_type: str, reference: str, **others: object) -> object:
            if reference == "1":
                raise KeyboardInterrupt
            return store(content, media_type, reference, **others)  # type: ignore[arg-type] # passed on

        registry.put_manifest = interrupted  # type: ignore[method-assign,assignment] # Ctrl-C while it is sent
        with pytest.raises(KeyboardInterrupt) as caught:
            publish(registry, writer.image.digest, writer.plan.tags)
    assert caught.value.__notes__ == ["all blobs, 2 of 4 tags published (1.5.0 1.5), and perhaps 1"]


def test_a_registry_that_refuses_every_condition_is_published_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = Writer(tmp_path / "older", "1.5.0"), Writer(tmp_path / "newer", "1.6.0")
    with _registry("local registry") as address:
        registry = older.at(Repository(address, "shop/web"))
        monkeypatch.setattr("pipeline_kit.oci.server.conditions._names", lambda *_: False)
        for one in (older, newer):
            with one.context.report.activity("") as activity:
                stage(Path(one.image.layout), one.image, registry, activity=activity)
            publish(registry, one.image.digest, one.plan.tags)
        assert registry.head_manifest("latest") == newer.image.digest
