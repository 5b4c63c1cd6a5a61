"""What can't change is found out once; what has changed is found out again."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.memory import hash_of, of_file, remembered


def never() -> str:
    pytest.fail("asked again")


def test_what_was_found_is_not_asked_again(tmp_path: Path) -> None:
    assert remembered(tmp_path / "memory", "key", lambda: "found") == "found"
    assert remembered(tmp_path / "memory", "key", never) == "found"
    assert remembered(tmp_path / "memory", "other", lambda: "too") == "too"


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_bytes(b"two"),
        lambda file: file.with_name("x").write_bytes(b"one") and file.with_name("x").replace(file),
        lambda file: os.utime(file, ns=(0, 0)),
    ],
)
def test_a_file_that_changed_is_asked_again_even_if_it_hides_it(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    file, memory = tmp_path / "program", tmp_path / "memory"
    file.write_bytes(b"one")
    before = file.stat()
    assert of_file(file, memory, "which", lambda: "first") == "first"
    change(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert of_file(file, memory, "which", lambda: "second") == "second"


def test_a_hash_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert hash_of(tmp_path / "a", tmp_path / "memory").startswith("e3b0c44298fc")
