"""A record that somebody else wrote decides nothing: what leaves was scanned here, and goes where the workflow says."""

from __future__ import annotations

import json
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.world.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine
    from tests.world.kit import Kit
    from tests.world.trivy_database import TrivyDatabase

DEPLOYING = {"PIPELINE_KIT_DEPLOY_TARGET": "docker"}
AGAIN = "is scanned before it goes on"


def catalog(registry: DockerRegistry) -> bytes:
    with urllib.request.urlopen(f"{registry.url}/v2/_catalog", timeout=10) as answer:
        content: bytes = answer.read()
    return content.strip()


def edit(kit: Kit, step: str, change: Callable[[Any], None]) -> None:
    """Write the record by hand."""
    found = kit.record()
    (entry,) = (entry for entry in found["entries"] if entry["step"] == step)
    entry.pop("failure", None)
    change(entry["value"][step])
    (kit.folder / ".pipeline-kit" / "run.json").write_text(json.dumps(found))


def another_job(kit: Kit, folder: Path) -> Kit:
    """A fresh checkout on a fresh machine, with the record as it came from the first one."""
    Repository(kit.folder, new=False)("clone", "--quiet", str(kit.folder), str(folder / "web"))
    (folder / "web" / ".pipeline-kit").mkdir()
    record = (kit.folder / ".pipeline-kit" / "run.json").read_bytes()
    (folder / "web" / ".pipeline-kit" / "run.json").write_bytes(record)
    return replace(kit, folder=folder / "web", environ={**kit.environ, "XDG_CACHE_HOME": str(folder / "cache")})


@pytest.fixture
def image(docker_registry: DockerRegistry) -> dict[str, str]:
    return {"PIPELINE_KIT_IMAGE": f"{docker_registry.address}/web", **DEPLOYING}


def test_a_verdict_that_was_written_by_hand_publishes_nothing(
    kit: Kit, image: dict[str, str], docker_registry: DockerRegistry, stopping_trivy_database: TrivyDatabase
) -> None:
    bad = image | {"PIPELINE_KIT_SCAN_CACHE": str(stopping_trivy_database.cache)}
    assert kit("run", "--until", "scan", **bad).code == 2
    edit(kit, "scan", lambda verdict: verdict.update(outcome="pass", stops=[], doubts=[]))
    push = kit("push", **bad)
    assert push.code == 2, push.stderr
    assert AGAIN in push.stderr
    assert "no scan of it was made here" in push.stderr
    assert catalog(docker_registry) == b'{"repositories":[]}'
    chain = kit("run", "--from", "push", **bad)
    assert chain.code == 2, chain.stderr
    assert catalog(docker_registry) == b'{"repositories":[]}'


def test_a_plan_that_was_written_by_hand_names_no_tag(
    kit: Kit, image: dict[str, str], docker_registry: DockerRegistry
) -> None:
    assert kit("run", "--until", "scan", **image).code == 0
    edit(kit, "tag", lambda plan: plan.update(tags=[{"name": "9.9.9", "kind": "version"}]))
    run = kit("run", "--only", "login", "--only", "push", **image)
    assert run.code == 0, run.stderr
    assert "9.9.9" not in json.dumps(kit.value("push")["tags"])


def test_an_image_without_a_scan_is_scanned_by_push(
    kit: Kit, image: dict[str, str], docker_registry: DockerRegistry, stopping_trivy_database: TrivyDatabase
) -> None:
    assert kit("build", **image).code == 0
    bad = kit("push", **image, PIPELINE_KIT_SCAN_CACHE=str(stopping_trivy_database.cache))
    assert bad.code == 2
    assert catalog(docker_registry) == b'{"repositories":[]}'
    other_rules = kit("push", **image, PIPELINE_KIT_SCAN_FAIL_ON="CRITICAL")
    assert other_rules.code == 0, other_rules.stderr
    assert "the last scan went by other rules" in other_rules.stderr
    assert kit.value("scan")["outcome"] == "pass"
    assert AGAIN not in kit("push", **image, PIPELINE_KIT_SCAN_FAIL_ON="CRITICAL").stderr


def test_a_build_of_elsewhere_and_the_path_of_a_layout_are_not_believed(
    kit: Kit, image: dict[str, str], docker_registry: DockerRegistry, tmp_path: Path
) -> None:
    assert kit("run", "--until", "scan", **image).code == 0
    digest = kit.value("build")["digest"]
    assert "layout" not in kit.value("build")
    there = tmp_path / "there"
    kit.layout("web").rename(there)
    edit(kit, "build", lambda built: built.update(layout=str(there)))
    push = kit("push", **image)
    assert push.code == 64
    assert "the record's build was not made here" in push.stderr
    assert catalog(docker_registry) == b'{"repositories":[]}'
    assert kit("run", "--until", "push", **image).result.endswith(digest)


class Thief(BaseHTTPRequestHandler):
    """A registry that writes down what it is sent."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers.get('Authorization', '')}")
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    do_HEAD = do_POST = do_GET  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def thief() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (Thief,), {"seen": seen}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


def test_a_record_that_names_another_registry_is_refused_before_anything_is_sent(
    kit: Kit, image: dict[str, str], tmp_path: Path
) -> None:
    assert kit("run", "--until", "push", **image).code == 0
    later = another_job(kit, tmp_path / "later")
    with thief() as (address, seen):
        edit(later, "push", lambda told: told.update(repository={"registry": address, "path": "web"}))
        secrets = {"PIPELINE_KIT_REGISTRY_USERNAME": "ci", "PIPELINE_KIT_REGISTRY_PASSWORD": "hunter2-hunter2"}
        run = later("run", "--from", "deploy", **image, **secrets)
        assert run.code == 2, run.stderr
        assert f"the record says {address}/web" in run.stderr
        assert seen == []


def test_another_job_scans_what_was_published_before_it_deploys(
    kit: Kit, image: dict[str, str], engine: Engine, stopping_trivy_database: TrivyDatabase, tmp_path: Path
) -> None:
    assert kit("run", "--until", "push", **image).code == 0
    published = kit.value("push")["digest"]
    later = another_job(kit, tmp_path / "later")
    bad = later("run", "--from", "deploy", **image, PIPELINE_KIT_SCAN_CACHE=str(stopping_trivy_database.cache))
    assert bad.code == 2, bad.stderr
    assert AGAIN in bad.stderr
    # What this job has scanned itself, and refused, stays refused.
    still = later("deploy", **image)
    assert still.code == 2, still.stderr
    assert "has not passed the scan" in still.stderr
    name = (kit.folder / "pipeline-kit.yml").read_text().partition("name: '")[2][:12]
    assert engine.docker("ps", "--all", "--quiet", "--filter", f"name={name}").strip() == ""
    fresh = another_job(kit, tmp_path / "fresh")
    good = fresh("run", "--from", "deploy", **image)
    assert good.code == 0, good.stderr
    assert AGAIN in good.stderr
    assert fresh.value("deploy")["digest"] == fresh.value("scan")["digest"] == published
    # The same job has a verdict now.
    again = fresh("deploy", **image)
    assert again.code == 0, again.stderr
    assert AGAIN not in again.stderr


def test_a_scan_that_refuses_after_the_push_keeps_it_from_being_deployed(
    kit: Kit, image: dict[str, str], stopping_trivy_database: TrivyDatabase
) -> None:
    assert kit("run", "--until", "push", **image).code == 0
    assert kit("scan", **image, PIPELINE_KIT_SCAN_CACHE=str(stopping_trivy_database.cache)).code == 2
    deploy = kit("deploy", **image)
    assert deploy.code == 2, deploy.stderr
    assert "has not passed the scan" in deploy.stderr


def test_a_record_that_names_an_older_image_is_refused(kit: Kit, image: dict[str, str], tmp_path: Path) -> None:
    assert kit("run", "--until", "push", **image).code == 0
    older = kit.value("push")["digest"]
    (kit.folder / "www" / "index.html").write_text("newer\n")
    Repository(kit.folder, new=False)("commit", "--quiet", "--all", "--message", "fix: newer")
    assert kit("run", "--until", "push", **image).code == 0
    later = another_job(kit, tmp_path / "later")
    edit(later, "push", lambda told: told.update(digest=older))
    run = later("run", "--from", "deploy", **image)
    assert run.code == 2, run.stderr
    assert "was built from" in run.stderr
