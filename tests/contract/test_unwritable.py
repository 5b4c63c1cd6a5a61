"""Where nothing can be written ``version`` and ``tag`` answer all the same, and say that no record is kept."""

import os
import subprocess
from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path

import pytest

from pipeline_kit import output_folder
from pipeline_kit.config import Settings
from pipeline_kit.context import Context
from pipeline_kit.errors import Failure
from pipeline_kit.flow import Flow
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.process import Runner
from tests.world.kit import Kit, Run
from tests.world.repository import Repository

# Root may write anywhere, so it is run without the right to.
_ORDINARY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def ordinary(kit: Kit, *arguments: str, **environ: str) -> Run:
    """As a user whom the modes of files hold for."""
    argv = [*_ORDINARY, *kit.argv(*arguments)]
    done = subprocess.run(argv, cwd=kit.folder, env=kit.environment(**environ), capture_output=True, text=True)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=["a file in its place", "its folder", "the whole tree", "the record's folder below the user's"])
def kit(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Kit]:
    folder = tmp_path / "shop"
    folder.mkdir()
    repository = Repository(folder)
    repository.write(".gitignore", ".pipeline-kit\n", "feat: first")
    repository.write("Dockerfile", "FROM scratch\n", "feat: second")
    repository("tag", "v1.4.2")
    output, closed = folder / ".pipeline-kit", folder
    if request.param == "a file in its place":
        output.touch()
    elif request.param == "its folder":
        output.mkdir()
        closed = output
    elif request.param == "the record's folder below the user's":
        closed = tmp_path / ".cache"
        closed.mkdir()
    if request.param != "a file in its place":
        closed.chmod(0o555)
    yield Kit(folder)
    closed.chmod(0o755)


@pytest.mark.parametrize("command", [("version",), ("tag",), ("tag", "--tags", "type=semver,pattern={{version}}")])
def test_an_answer_is_given_without_a_record(kit: Kit, command: tuple[str, ...]) -> None:
    done = ordinary(kit, *command)
    assert (done.code, done.result.split("\n")[0]) == (0, "1.4.2"), done.stderr
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("!")]
    assert warning.startswith(f"! {command[0]:<8} no record is kept: {kit.folder.parent}"), warning
    assert "can't be written: " in warning
    assert not (kit.folder / ".pipeline-kit" / "run.json").exists()


def test_tags_are_given_without_their_bake_files(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit("feat: first")
    repository("tag", "v1.4.2")
    (tmp_path / ".pipeline-kit").mkdir()
    (tmp_path / ".pipeline-kit" / ".gitignore").write_text("*\n")
    (tmp_path / ".pipeline-kit" / "bake").touch()
    done = Kit(tmp_path)("tag")
    assert (done.code, done.result.split("\n")[0]) == (0, "1.4.2"), done.stderr
    assert "bake can't be written: Not a directory" in done.stderr


def test_a_refusal_is_told_as_it_is_elsewhere(kit: Kit) -> None:
    refused = ordinary(kit, "version", "--path", "nix")
    assert (refused.code, "explain version.path" in refused.stderr) == (64, True), refused.stderr


@pytest.mark.parametrize("command", [("build",), ("run", "--local", "--until", "build"), ("run", "--only", "version")])
def test_what_the_next_step_needs_is_not_left_out(kit: Kit, command: tuple[str, ...]) -> None:
    refused = ordinary(kit, *command)
    assert (refused.code, "explain record.unwritten" in refused.stderr) == (64, True), refused.stderr
    assert refused.stdout == ""


def test_what_could_not_be_written_does_not_make_the_tree_dirty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    monkeypatch.setattr(os, "replace", refuses)
    with pytest.raises(OSError, match="No space"):
        output_folder.prepare(tmp_path / "output")
    monkeypatch.undo()
    assert not list((tmp_path / "output").iterdir())


@pytest.mark.parametrize("answers", [True, False])
def test_a_full_disk_is_one_of_the_reasons(tmp_path: Path, answers: bool) -> None:
    context = Context(
        root=tmp_path,
        state=tmp_path / "state",
        output=tmp_path / "output",
        environ={},
        run=Runner({}),
        event=Event("local"),
        identity=RunIdentity("local"),
    )
    flow = Flow(context, Settings(), None, answers=answers)
    full = OSError(ENOSPC, os.strerror(ENOSPC))
    if answers:
        with flow.writing(tmp_path):
            raise full
        assert flow.unwritten
        return
    with pytest.raises(Failure) as refused, flow.writing(tmp_path):
        raise full
    assert refused.value.kind == "tool.disk"
