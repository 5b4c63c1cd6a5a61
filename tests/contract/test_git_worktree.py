"""What counts as a changed file, without running the filters that git would compare by."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.world.repository import Repository

OLD = 1_600_000_000


@pytest.fixture(params=["sha1", "sha256"])
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    return Repository(folder, f"--object-format={request.param}")


def filtered(repository: Repository, name: str, stored: bytes, content: bytes) -> Path:
    """A committed file whose blob is ``stored`` and which is checked out as ``content``, with fresh times."""
    path = repository.folder / "file ü"
    (repository.folder / ".gitattributes").write_text(f"file* filter={name}\n")
    path.write_bytes(stored)
    repository("-c", f"filter.{name}.clean=", "add", ".")
    repository.commit("feat: a")
    for key in ("clean", "process"):
        repository("config", f"filter.{name}.{key}", "false")
    repository("config", f"filter.{name}.required", "true")
    path.write_bytes(content)
    return path


def pointer(content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n".encode()


def test_a_file_of_git_lfs_is_compared_with_its_pointer(repository: Repository) -> None:
    path = filtered(repository, "lfs", pointer(b"large"), b"large")
    assert repository.git.state().dirty == 0
    below = repository.folder / "below"
    below.mkdir()
    assert Repository(below, new=False).git.state().dirty == 0
    os.utime(path, (OLD, OLD))
    assert repository.git.state().dirty == 0
    path.write_bytes(b"other")
    assert repository.git.state().dirty == 1
    path.unlink()
    path.symlink_to("large")
    assert repository.git.state().dirty == 1
    path.unlink()
    assert repository.git.state().dirty == 1


def test_a_file_of_git_lfs_that_was_not_fetched_is_unchanged(repository: Repository) -> None:
    path = filtered(repository, "lfs", pointer(b"large"), pointer(b"large"))
    os.utime(path, (OLD, OLD))
    assert repository.git.state().dirty == 0


def test_a_file_of_another_filter_is_unchanged_as_long_as_its_time_is(repository: Repository) -> None:
    path = filtered(repository, "crypt", b"locked", b"opened")
    # As checked out: the index has the blob, and the times of the file that the filter made of it.
    repository("config", "--unset", "filter.crypt.process")
    repository("-c", "filter.crypt.clean=sed s/opened/locked/", "add", "file ü")
    assert repository.git.state().dirty == 0
    path.write_bytes(b"change")
    assert repository.git.state().dirty == 1


def test_gits_own_conversions_still_count(repository: Repository) -> None:
    repository.write(".gitattributes", "* text=auto eol=crlf\n", "chore: a")
    path = repository.folder / "a"
    repository.write("a", "1\n2\n", "feat: b")
    path.unlink()
    repository("checkout", "--", "a")
    repository("config", "filter.other.clean", "false")
    os.utime(path, (OLD, OLD))
    assert path.read_bytes() == b"1\r\n2\r\n"
    assert repository.git.state().dirty == 0


@pytest.mark.parametrize("name", ["new\nline", " space ", '"quoted"', "-n", "ü", "1 .M N... x"])
def test_each_changed_file_counts_once_whatever_its_name(repository: Repository, name: str) -> None:
    repository.write("other", "1", "feat: a")
    (repository.folder / name).write_text("new")
    assert repository.git.state().dirty == 1
    repository.write(name, "1", "feat: b")
    assert repository.git.state().dirty == 0
    (repository.folder / name).write_text("changed")
    assert repository.git.state().dirty == 1


def test_a_moved_file_and_a_conflict_count(repository: Repository) -> None:
    repository.write("a", "1\n" * 20, "feat: a")
    repository("mv", "a", "b")
    assert repository.git.state().dirty == 2
    repository.commit("refactor: moved")
    repository("checkout", "--quiet", "-b", "topic")
    repository.write("b", "2", "fix: topic")
    repository("checkout", "--quiet", "main")
    repository.write("b", "3", "fix: main")
    with pytest.raises(Exception, match="merge"):
        repository("merge", "--quiet", "topic")
    assert repository.git.state().dirty == 1
