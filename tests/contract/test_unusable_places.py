"""A place that can't be used is told by its whole name, with a way out that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_kit import tree
from pipeline_kit.errors import Failure
from pipeline_kit.steps.scan import prepare
from tests.world.kit import Kit
from tests.world.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("use", [tree.fresh, tree.remove])
def test_a_file_that_can_not_be_used_is_told_with_its_folder(tmp_path: Path, use: Callable[..., object]) -> None:
    path = tmp_path / "logs" / "build.log"
    path.mkdir(parents=True)
    with pytest.raises(OSError, match=r"build\.log") as told:
        use(path, top=tmp_path)
    assert told.value.filename == str(path)


def test_a_state_folder_that_can_not_be_used_is_no_matter_of_the_tree(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    Repository(folder).write("Dockerfile", "FROM scratch\n", "feat: first")
    (tmp_path / "cache").write_text("a file")
    done = Kit(folder, {"XDG_CACHE_HOME": str(tmp_path / "cache")})("build")
    assert done.code == 64
    assert "outside of the working tree" in done.stderr
    assert "XDG_CACHE_HOME" in done.stderr


@pytest.mark.parametrize("name", ["a-file", "a-file/cache", "../../../../../../../../../../proc/cache"])
def test_a_cache_that_can_be_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(Failure, match=r"scan\.cache") as told:
        prepare(tmp_path / name)
    assert told.value.kind == "tool.file"
