"""What can't change is found out once; what has changed is found out again."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    "torn", [b"", b"fo", b"\xff\xfe\0\0", b"\0" * 4096, None], ids=["empty", "cut", "bytes", "zeros", "folder"]
)
def test_a_torn_note_is_thrown_away(tmp_path: Path, torn: bytes | None) -> None:
    memory = tmp_path / "memory"
    remembered(memory, "key", lambda: "found")
    (note,) = memory.iterdir()
    if torn is None:
        note.unlink()
        note.mkdir()
    else:
        note.write_bytes(torn)
    assert remembered(memory, "key", lambda: "again") == "again"
    if torn is not None:
        assert remembered(memory, "key", never) == "again"


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_whatever_becomes_of_a_note_it_is_right_or_asked_again(damage: bytes, at: int) -> None:
    with TemporaryDirectory() as folder:
        memory = Path(folder)
        remembered(memory, "key", lambda: "found")
        (note,) = memory.iterdir()
        content = note.read_bytes()
        note.write_bytes(content[:at] + damage + content[at + len(damage) :])
        asked: list[str] = []
        assert remembered(memory, "key", lambda: asked.append("") or "found") == "found"
        assert asked or note.read_bytes() == content


def test_a_note_of_another_question_is_no_answer(tmp_path: Path) -> None:
    remembered(tmp_path / "a", "key", lambda: "found")
    remembered(tmp_path / "b", "other", lambda: "too")
    (note,), (other,) = (tmp_path / "a").iterdir(), (tmp_path / "b").iterdir()
    other.replace(note)
    assert remembered(tmp_path / "a", "key", lambda: "again") == "again"


def test_where_nothing_can_be_kept_it_is_asked_each_time(tmp_path: Path) -> None:
    (tmp_path / "memory").write_text("no folder")
    assert remembered(tmp_path / "memory", "key", lambda: "one") == "one"
    assert remembered(tmp_path / "memory", "key", lambda: "two") == "two"
