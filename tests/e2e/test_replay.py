"""A run again, from its record: what is the same is said to be, and what is not is named."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.world.repository import IDENTITY, Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.kit import Kit


def recorded(kit: Kit, file: Path, *arguments: str, **environ: str) -> Path:
    """The record of a run until scan, as a file that was fetched."""
    run = kit("run", "--until", "scan", "--image", "127.0.0.1:1/shop/web", "--from", "version", *arguments, **environ)
    assert run.code == 0, run.stderr
    file.write_bytes((kit.folder / ".pipeline-kit" / "run.json").read_bytes())
    return file


def test_a_run_comes_out_the_same(kit: Kit, tmp_path: Path) -> None:
    record = recorded(kit, tmp_path / "fetched.json")
    (kit.folder / "www" / "index.html").write_text("changed since, and not committed\n")
    replay = kit("replay", str(record), "--format", "json")
    assert replay.code == 0, replay.stderr
    digest = kit.value("build")["digest"].removeprefix("sha256:")[:12]
    assert [(one["step"], one["now"], one["same"]) for one in replay.json["steps"]] == [
        ("version", "1.1.0", True),
        ("tag", "1.1.0 1.1 1 latest sha-" + replay.json["commit"][:7], True),
        ("build", digest, True),
        ("scan", "pass", True),
    ]
    assert (kit.folder / "www" / "index.html").read_text().startswith("changed since")


def test_the_event_and_the_settings_are_those_of_the_run(kit: Kit, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"repo": {"full_name": "shop/web"}}}}))
    Repository(kit.folder, new=False)("update-ref", "refs/remotes/origin/main", "HEAD")
    record = recorded(
        kit,
        tmp_path / "fetched.json",
        GITHUB_ACTIONS="true",
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_REF="refs/pull/7/merge",
        GITHUB_HEAD_REF="topic",
        GITHUB_BASE_REF="main",
        GITHUB_REPOSITORY="shop/web",
        GITHUB_EVENT_PATH=str(event),
        RUNNER_TEMP=str(tmp_path / "runner"),
        PIPELINE_KIT_BUILD_LABELS="team=shop",
    )
    replay = kit("replay", str(record), "--format", "json")
    assert replay.code == 0, replay.stderr
    assert replay.json["steps"][0]["now"].startswith("1.1.1-topic")
    assert "pull_request" in record.read_text()


def test_a_tag_that_came_later_is_not_seen(kit: Kit, tmp_path: Path) -> None:
    project = Repository(kit.folder, new=False)
    project.commit("fix: more")
    record = recorded(kit, tmp_path / "fetched.json")
    environ = {**os.environ, **IDENTITY, "GIT_COMMITTER_DATE": f"{int(time.time()) + 60} +0000"}
    later = ("git", "tag", "--annotate", "v9.0.0", "--message", "later")
    subprocess.run(later, cwd=kit.folder, env=environ, check=True)
    replay = kit("replay", str(record), "--format", "json")
    assert replay.code == 0, replay.stderr
    assert replay.json["steps"][0]["now"] == "1.1.1-main.1"
    assert kit("version").result == "9.0.0"


def test_what_differs_is_named(kit: Kit, tmp_path: Path) -> None:
    project = Repository(kit.folder, new=False)
    dockerfile = kit.folder / "Dockerfile"
    dockerfile.write_text(
        dockerfile.read_text().replace("RUN echo", "RUN cat /proc/sys/kernel/random/uuid >/www/id && echo")
    )
    project("add", ".")
    project.commit("feat: an id for each build")
    record = recorded(kit, tmp_path / "fetched.json", "--set", "build.no-cache=true")
    replay = kit("replay", str(record))
    assert replay.code == 1
    assert "build gave another result" in replay.stderr
    assert "Layer 2 of 2 differs" in replay.stderr
    assert "version" in replay.stdout
    assert "same" in replay.stdout


def test_a_failure_that_comes_again_is_the_same(kit: Kit, tmp_path: Path) -> None:
    project = Repository(kit.folder, new=False)
    (kit.folder / "Dockerfile").write_text("FROM small\nRUN exit 3\n")
    project("add", ".")
    project.commit("fix: break it")
    run = kit("run", "--from", "version", "--until", "scan", "--image", "127.0.0.1:1/shop/web")
    assert run.code == 1
    replay = kit("replay", "--format", "json")
    assert replay.code == 0, replay.stderr
    assert replay.json["steps"][-1]["now"] == "build.run"


@pytest.mark.parametrize(("change", "kind"), [("commit", "replay.commit"), ("entries", "replay.nothing")])
def test_what_can_not_be_made_again_is_refused(kit: Kit, tmp_path: Path, change: str, kind: str) -> None:
    assert kit("run", "--only", "version").code == 0
    record = kit.record()
    record[change] = "0" * 40 if change == "commit" else []
    (tmp_path / "fetched.json").write_text(json.dumps(record))
    replay = kit("replay", str(tmp_path / "fetched.json"))
    assert (replay.code, kind in replay.stderr) == (64, True)
