"""The scan of a pull request goes by the rules of the branch that it goes to, or ends with 3."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.kit import Kit
    from tests.world.trivy_database import TrivyDatabase


def asked(kit: Kit, tmp_path: Path, base: str, *arguments: str, **more: str) -> tuple[int, str]:
    told = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_HEAD_REF": "feat/x",
        "GITHUB_BASE_REF": base,
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "NO_COLOR": "1",
    }
    until = () if "--only" in arguments else ("--until", "scan")
    run = kit("run", *until, *arguments, **told, **more)
    return run.code, run.stderr


def proposed(kit: Kit, base: str, files: dict[str, str], *, change: dict[str, str]) -> Repository:
    """The branch ``base`` of the remote with ``files`` beside the project's own, and HEAD with ``change`` on top."""
    repository = Repository(kit.folder, new=False)
    for contents, message in ((files, "ci: rules"), (change, "feat: loosen them")):
        for name, text in contents.items():
            path = kit.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        repository("add", ".")
        repository.commit(message)
        if contents is files:
            repository("update-ref", f"refs/remotes/origin/{base}", "HEAD")
    return repository


@pytest.fixture
def rules(kit: Kit, stopping_trivy_database: TrivyDatabase) -> str:
    """Under these the image is refused."""
    own = (kit.folder / "pipeline-kit.yml").read_text().partition("scan:")
    rest = own[2].partition("\n")[2]
    return f"{own[0]}scan: {{ database: offline, cache: '{stopping_trivy_database.cache}' }}\n{rest}"


@pytest.mark.parametrize("base", ["main", "release/1.0+x", "fix#12", "feat/@ü"])
@pytest.mark.parametrize("name", ["pipeline-kit.yml", "ci/kit.yml"])
def test_a_database_of_the_change_s_own_is_not_asked(
    kit: Kit, rules: str, tmp_path: Path, base: str, name: str
) -> None:
    loose = (kit.folder / "pipeline-kit.yml").read_text()
    proposed(kit, base, {name: rules}, change={name: loose})
    given = () if name == "pipeline-kit.yml" else ("--config", name)
    code, told = asked(kit, tmp_path, base, *given)
    assert code == 2, told
    assert "CRITICAL" in told


def test_a_file_in_the_folder_that_it_is_run_in_has_one_in_the_base_too(kit: Kit, rules: str, tmp_path: Path) -> None:
    loose = (kit.folder / "pipeline-kit.yml").read_text()
    repository = proposed(kit, "main", {"sub/pipeline-kit.yml": rules}, change={"sub/pipeline-kit.yml": loose})
    inside = replace(kit, folder=kit.folder / "sub")
    code, told = asked(inside, tmp_path, "main")
    assert code == 2, told
    # Nor does it help to remove it, so that the one above is found here.
    repository("rm", "--quiet", "sub/pipeline-kit.yml")
    (kit.folder / "sub").mkdir(exist_ok=True)
    repository.commit("chore: go without")
    code, told = asked(inside, tmp_path, "main")
    assert code == 2, told


def test_a_branch_that_is_not_here_or_can_t_be_read_is_3_with_the_way_out(kit: Kit, rules: str, tmp_path: Path) -> None:
    loose = (kit.folder / "pipeline-kit.yml").read_text()
    repository = proposed(
        kit, "main", {"pipeline-kit.yml": "version: 1\nscan: [\n"}, change={"pipeline-kit.yml": loose}
    )
    for base, words in (
        ("main", "pipeline-kit.yml of main"),
        ("elsewhere", "the branch elsewhere is not in this clone"),
        ("--output=x", "the branch --output=x is not in this clone"),
        ("a..b", "names no branch"),
        ("", "names no branch"),
    ):
        code, told = asked(kit, tmp_path, base)
        assert (code, words in told) == (3, True), told
        assert "pipeline-kit explain scan.base" in told
        assert "✓ build" not in told
    assert "fetch-depth: 0" in asked(kit, tmp_path, "elsewhere")[1]
    # A link in the place of the file is no file.
    repository("checkout", "--quiet", "HEAD~1")
    (kit.folder / "pipeline-kit.yml").unlink()
    (kit.folder / "pipeline-kit.yml").symlink_to("/proc/self/environ")
    repository("add", ".")
    repository.commit("chore: a link")
    repository("update-ref", "refs/remotes/origin/main", "HEAD")
    (kit.folder / "pipeline-kit.yml").unlink()
    (kit.folder / "pipeline-kit.yml").write_text(loose)
    code, told = asked(kit, tmp_path, "main")
    assert (code, "no plain file" in told) == (3, True), told


def test_what_the_workflow_sets_wins_and_a_base_without_a_file_has_the_defaults(
    kit: Kit, trivy_database: TrivyDatabase, tmp_path: Path
) -> None:
    loose = (kit.folder / "pipeline-kit.yml").read_text()
    repository = Repository(kit.folder, new=False)
    repository("rm", "--quiet", "pipeline-kit.yml")
    proposed(kit, "main", {"README": "no file"}, change={"pipeline-kit.yml": loose})
    set_here = {"PIPELINE_KIT_SCAN_DATABASE": "offline", "PIPELINE_KIT_SCAN_CACHE": str(trivy_database.cache)}
    code, told = asked(kit, tmp_path, "main", **set_here)
    assert code == 0, told
    shown = kit(
        "config",
        "show",
        "--origin",
        **set_here,
        PIPELINE_KIT_EVENT='{"kind": "pull_request", "base": "main"}',
    )
    assert shown.code == 0, shown.stderr


def test_without_a_scan_the_base_is_not_asked(kit: Kit, tmp_path: Path) -> None:
    code, told = asked(kit, tmp_path, "elsewhere", "--only", "version", "--only", "tag")
    assert code == 0, told
