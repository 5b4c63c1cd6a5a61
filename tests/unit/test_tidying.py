"""Tidying up removes what has no owner, and nothing else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from pipeline_kit import output_folder, scratch, state_folder, tree
from pipeline_kit.oci import layout_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name", ["build-agent", "scan-service", "view-api", "download-worker", "web.old", "web.partial"]
)
def test_an_image_keeps_its_layout_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    layout = tmp_path / "layouts" / state_folder.file_name(name)
    layout_folder.create(layout)
    state_folder.tidy(tmp_path, 0.0)
    assert (layout / "oci-layout").is_file()


def test_what_a_killed_run_left_of_a_layout_goes(tmp_path: Path) -> None:
    for what in ("partial", "5f0c1d2e.old"):
        layout_folder.create(layout_folder.beside(tmp_path / "layouts" / "web", what))
    state_folder.tidy(tmp_path, 0.0)
    assert not list((tmp_path / "layouts").iterdir())


def test_a_scratch_folder_touches_nothing_of_the_folder_that_a_person_named(tmp_path: Path) -> None:
    for name in ("build-cache", "scan-results", ".build-tools", "view-1"):
        (tmp_path / name).mkdir()
    with scratch.scratch(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"build-cache", "scan-results", ".build-tools", "view-1"}


def test_a_command_on_a_ci_leaves_another_run_the_file_that_it_is_writing(tmp_path: Path) -> None:
    output, failed, done = tmp_path / ".pipeline-kit", [], threading.Event()
    output.mkdir()

    def write() -> None:
        try:
            for _ in range(40):
                tree.write(output / "run.json", bytes(20_000), top=tmp_path, sync=True)
        except OSError as error:
            failed.append(error)
        done.set()

    threading.Thread(target=write).start()
    while not done.is_set():
        output_folder.refuse_links(output)
    assert not failed


def test_a_folder_with_the_name_of_a_new_file_keeps_no_link_alive(tmp_path: Path) -> None:
    (tmp_path / "z" / f"{tree.TEMPORARY}1").mkdir(parents=True)
    (tmp_path / f"{tree.TEMPORARY}1").mkdir()
    for link in (tmp_path / "link", tmp_path / "z" / "link"):
        link.symlink_to("/etc/passwd")
    tree.tidy(tmp_path, unfinished=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink()]
