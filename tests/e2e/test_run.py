"""From a commit to a container that answers, on a real engine, a real registry and a real scanner."""

from __future__ import annotations

import json
import os
import re
import signal
import time
import urllib.request
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from pipeline_kit.model.digest import digest_of
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine
    from tests.world.kit import Kit
    from tests.world.trivy_database import TrivyDatabase

MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"


def asked(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
    return text.strip()


def held(registry: DockerRegistry, reference: str) -> str:
    """The digest of what the registry gives for a tag or digest, hashed here."""
    request = urllib.request.Request(f"{registry.url}/v2/web/manifests/{reference}", headers={"Accept": MANIFESTS})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return digest_of(answer.read())


def test_one_digest_all_the_way(kit: Kit, engine: Engine, docker_registry: DockerRegistry) -> None:
    run = kit("run", "--image", f"{docker_registry.address}/web", "--set", "deploy.target=docker")
    assert run.code == 0, run.stderr
    digest = kit.value("build")["digest"]
    assert run.result == f"{docker_registry.address}/web@{digest}"
    assert kit.value("scan")["digest"] == kit.value("push")["digest"] == kit.value("deploy")["digest"] == digest
    assert {held(docker_registry, tag) for tag in ("1.1.0", "1.1", "1", "latest")} == {digest}
    deployment = kit.value("deploy")
    assert asked(f"{deployment['url']}/version") == "1.1.0"
    container = json.loads(engine.docker("inspect", deployment["name"]))[0]
    members = {digest, *(p[key] for p in kit.value("build")["platforms"] for key in ("manifest", "config"))}
    assert container["Image"] in members
    assert container["Config"]["Image"].endswith(digest)


def test_a_green_run_is_quiet(kit: Kit, docker_registry: DockerRegistry) -> None:
    run = kit("run", "--image", f"{docker_registry.address}/web", "--set", "deploy.target=docker")
    lines = run.stderr.splitlines()
    assert len(lines) <= 12
    assert "error" not in run.stderr.lower()
    assert "✗" not in run.stderr
    assert all(re.match(r"✓ \S+ +\S", line) for line in lines[1:-2]), run.stderr
    assert all(len(line) <= 100 for line in lines), run.stderr


def test_run_local_needs_neither_configuration_nor_account(kit: Kit) -> None:
    run = kit("run", "--local")
    assert run.code == 0, run.stderr
    assert asked(f"{kit.value('deploy')['url']}/version") == "1.1.0"
    again = kit("run", "--local")
    assert again.code == 0, again.stderr
    assert "0 of " in again.line("push")
    assert run.result.rpartition("@")[2] == again.result.rpartition("@")[2]


def test_each_step_alone_prints_its_result_and_nothing_else(kit: Kit, docker_registry: DockerRegistry) -> None:
    image = f"{docker_registry.address}/web"
    environ = {"PIPELINE_KIT_IMAGE": image, "PIPELINE_KIT_DEPLOY_TARGET": "docker"}
    assert kit("login", **environ).result == "anonymous"
    assert kit("version", **environ).result == "1.1.0"
    assert kit("tag", **environ).result.split("\n")[:4] == ["1.1.0", "1.1", "1", "latest"]
    digest = kit("build", **environ).result
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest)
    assert kit("scan", **environ).result == "pass"
    assert kit("push", **environ).result == f"{image}@{digest}"
    url = kit("deploy", **environ).result
    assert asked(f"{url}/version") == "1.1.0"


def test_each_step_alone_speaks_json(kit: Kit, docker_registry: DockerRegistry) -> None:
    environ = {
        "PIPELINE_KIT_IMAGE": f"{docker_registry.address}/web",
        "PIPELINE_KIT_DEPLOY_TARGET": "docker",
        "PIPELINE_KIT_FORMAT": "json",
    }
    assert kit("login", **environ).json["repository"]["path"] == "web"
    assert kit("version", **environ).json["version"] == "1.1.0"
    assert kit("tag", **environ).json["tags"][0] == {"name": "1.1.0", "kind": "version"}
    digest = kit("build", **environ).json["digest"]
    assert kit("scan", **environ).json["outcome"] == "pass"
    assert kit("push", **environ).json["digest"] == digest
    assert kit("deploy", **environ).json["digest"] == digest
    assert [one["step"] for one in kit("plan", **environ).json["steps"]][-1] == "deploy"
    entries = kit("run", "--until", "push", **environ).json["entries"]
    assert {entry["step"] for entry in entries} >= {"login", "version", "tag", "build", "scan", "push"}


def test_a_plan_says_what_would_happen_and_does_nothing(kit: Kit, docker_registry: DockerRegistry) -> None:
    run = kit("plan", "--image", f"{docker_registry.address}/web")
    assert run.code == 0, run.stderr
    assert "1.1.0 1.1 1 latest sha-" in run.stdout
    assert "stop on HIGH or worse, fixable" in run.stdout
    assert "nothing: no target is configured" in run.stdout
    assert not (kit.folder / ".pipeline-kit").exists()
    assert kit("run", "--dry-run", "--image", f"{docker_registry.address}/web").stdout == run.stdout


def test_a_refused_image_is_not_published(
    kit: Kit, docker_registry: DockerRegistry, stopping_trivy_database: TrivyDatabase
) -> None:
    run = kit(
        "run", "--image", f"{docker_registry.address}/web", "--set", f"scan.cache={stopping_trivy_database.cache}"
    )
    assert run.code == 2
    assert run.stdout == ""
    assert "CRITICAL" in run.stderr
    assert run.line("scan").startswith("✗ scan     refused ")
    last = run.stderr.splitlines()[-1]
    assert last.startswith("Stopped before push; no manifest, no tag was published. Exit 2.")
    assert asked(f"{docker_registry.url}/v2/_catalog") == '{"repositories":[]}'
    # Nor later, by the step alone: the verdict in the record is a no.
    push = kit("push", "--image", f"{docker_registry.address}/web")
    assert push.code in (2, 64)
    assert asked(f"{docker_registry.url}/v2/_catalog") == '{"repositories":[]}'


def test_without_scanner_data_it_is_unknown_which_is_a_no(
    kit: Kit, docker_registry: DockerRegistry, tmp_path: Path
) -> None:
    run = kit("run", "--image", f"{docker_registry.address}/web", "--set", f"scan.cache={tmp_path / 'empty'}")
    assert run.code == 3
    assert run.line("scan").startswith("✗ scan     unknown ")


def test_a_pull_request_publishes_nothing_and_says_what_main_would(kit: Kit, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "main", "full_name": "o/r"}, "number": 7}))
    Repository(kit.folder, new=False)("update-ref", "refs/remotes/origin/main", "HEAD")
    run = kit(
        "run",
        GITHUB_ACTIONS="true",
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_REF="refs/pull/7/merge",
        GITHUB_HEAD_REF="feat/x",
        GITHUB_BASE_REF="main",
        GITHUB_EVENT_PATH=str(event),
        RUNNER_TEMP=str(tmp_path / "runner"),
        NO_COLOR="1",
    )
    assert run.code == 0, run.stderr
    assert "- push     skipped       pull request; main would publish 2 tags" in run.stderr
    assert "- deploy   skipped" in run.stderr
    assert "✓ scan" in run.stderr


def test_a_schedule_publishes_only_what_changed(kit: Kit, docker_registry: DockerRegistry, tmp_path: Path) -> None:
    environ = {
        "PIPELINE_KIT_IMAGE": f"{docker_registry.address}/web",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_REF": "refs/heads/main",
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "NO_COLOR": "1",
    }
    first = kit("run", **environ)
    assert first.code == 0, first.stderr
    assert [tag["name"] for tag in kit.value("push")["tags"]][1:] == ["main"]
    output = tmp_path / "output"
    second = kit("run", **environ, GITHUB_OUTPUT=str(output))
    assert second.code == 0, second.stderr
    assert "- push     skipped       nothing changed" in second.stderr
    told = output.read_text()
    assert f"\n{first.result}\n" in told[told.index("reference<<") :]
    assert f"\n{first.result.partition('@')[2]}\n" in told[told.index("digest<<") :]


def test_a_run_can_be_done_in_parts(kit: Kit, docker_registry: DockerRegistry) -> None:
    environ = {"PIPELINE_KIT_IMAGE": f"{docker_registry.address}/web", "PIPELINE_KIT_DEPLOY_TARGET": "docker"}
    assert kit("run", "--only", "tag", "--only", "version", **environ).result.startswith("1.1.0\n1.1")
    first = kit("run", "--until", "push", **environ)
    assert first.code == 0, first.stderr
    rest = kit("run", "--from", "deploy", **environ)
    assert rest.code == 0, rest.stderr
    assert asked(f"{rest.result}/version") == "1.1.0"
    assert kit.value("deploy")["digest"] == kit.value("push")["digest"]


def test_environments_are_kept_apart_in_the_record(kit: Kit, docker_registry: DockerRegistry) -> None:
    with (kit.folder / "pipeline-kit.yml").open("a") as file:
        file.write("environments: { staging: { deploy: { target: docker } }, prod: {} }\n")
    Repository(kit.folder, new=False)("commit", "--quiet", "--all", "--message", "ci: environments")
    environ = {"PIPELINE_KIT_IMAGE": f"{docker_registry.address}/web"}
    staging = kit("run", "--env", "staging", **environ)
    assert staging.code == 0, staging.stderr
    prod = kit("run", "--from", "deploy", "--env", "prod", **environ)
    assert prod.code == 0, prod.stderr
    found = {entry["environment"]: entry["word"] for entry in kit.record()["entries"] if entry["step"] == "deploy"}
    assert found == {"staging": "healthy", "prod": "skipped"}


def test_an_unhealthy_container_is_rolled_back(kit: Kit, engine: Engine, docker_registry: DockerRegistry) -> None:
    environ = {"PIPELINE_KIT_IMAGE": f"{docker_registry.address}/web", "PIPELINE_KIT_DEPLOY_TARGET": "docker"}
    first = kit("run", **environ)
    assert first.code == 0, first.stderr
    url = kit.value("deploy")["url"]
    broken = (kit.folder / "Dockerfile").read_text().replace('CMD ["busybox", "httpd"', 'CMD ["false", "httpd"')
    (kit.folder / "Dockerfile").write_text(broken)
    repository = Repository(kit.folder, new=False)
    repository("commit", "--quiet", "--all", "--message", "fix: break it")
    second = kit("run", **environ)
    assert second.code == 4, second.stderr
    assert "rolled back" in second.line("deploy")
    assert second.stdout == ""
    assert asked(f"{url}/version") == "1.1.0"
    assert list((kit.folder / ".pipeline-kit" / "logs" / "deploy").rglob("*"))


def test_two_runs_at_once_in_one_folder_do_not_mix(kit: Kit) -> None:
    marker = slowed(kit, seconds=2)
    with kit.start("build") as first:
        wait_for(kit.folder / ".pipeline-kit" / "logs" / "build.log", marker)
        second = kit("build")
        assert second.code == 75
        assert "another run works in web" in second.stderr
        assert first.communicate(timeout=60)[0].startswith("sha256:")


def test_an_interrupt_stops_the_build_and_says_so(kit: Kit) -> None:
    interrupted(kit, signal.SIGINT, 130, "interrupted")


def test_sigterm_does_so_too(kit: Kit) -> None:
    interrupted(kit, signal.SIGTERM, 143, "asked to end")


def interrupted(kit: Kit, number: int, code: int, words: str) -> None:
    marker = slowed(kit, seconds=30)
    with kit.start("run", "--local") as running:
        wait_for(kit.folder / ".pipeline-kit" / "logs" / "build.log", marker)
        running.send_signal(number)
        started = time.monotonic()
        _, stderr = running.communicate(timeout=30)
    assert running.returncode == code, stderr
    assert words in stderr
    assert time.monotonic() - started < 10
    assert not [entry for entry in kit.record()["entries"] if entry["step"] == "push"]


def slowed(kit: Kit, seconds: int) -> str:
    """Have the build take long, and say so; what it says is in no cache of the engine."""
    dockerfile, marker = kit.folder / "Dockerfile", f"slow{uuid4().hex}"
    dockerfile.write_text(dockerfile.read_text().replace("RUN echo", f"RUN sleep {seconds} && : {marker} && echo"))
    return marker


def wait_for(path: Path, text: str = "") -> None:
    deadline = time.monotonic() + 30
    while not path.is_file() or text not in path.read_text():
        assert time.monotonic() < deadline, f"{path} never said {text!r}"
        time.sleep(0.05)


def test_images_of_a_working_tree_share_blobs_but_no_damage(kit: Kit) -> None:
    def built(name: str) -> Path:
        run = kit("build", "--image", f"127.0.0.1:1/{name}")
        assert run.code == 0, run.stderr
        return kit.layout(name)

    web, api = built("web"), built("api")
    largest = max((web / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    shared = api / "blobs" / "sha256" / largest.name
    assert shared.stat().st_ino == largest.stat().st_ino
    shared.unlink()  # the other image keeps its own
    shared.write_bytes(b"damaged")
    damaged = kit("scan", "--image", "127.0.0.1:1/api")
    assert damaged.code == 1
    assert "api.damaged" in damaged.stderr
    built("api")
    assert kit("scan", "--image", "127.0.0.1:1/api").code == 0


@pytest.mark.parametrize("which", ["layer", "config", "manifest"])
def test_what_was_tampered_with_does_not_survive_a_rebuild(kit: Kit, which: str) -> None:
    assert kit("run", "--until", "scan").code == 0
    image = kit.value("build")
    blobs = kit.layout(kit.folder.name) / "blobs" / "sha256"
    (platform,) = image["platforms"]
    digest = platform["layers"][-1] if which == "layer" else platform[which]
    blob = blobs / digest.removeprefix("sha256:")
    content, times = blob.read_bytes(), blob.stat()
    blob.unlink()
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(blob, ns=(times.st_atime_ns, times.st_mtime_ns))
    run = kit("run", "--until", "scan")
    assert run.code == 0, run.stderr
    assert "is built again without" in run.stderr
    assert kit.value("build")["digest"] == kit.value("scan")["digest"] == image["digest"]
    assert blob.read_bytes() == content


def test_a_secret_is_in_no_layer_no_log_and_no_record(kit: Kit, docker_registry: DockerRegistry) -> None:
    secret = "hunter2-hunter2-hunter2"
    dockerfile = kit.folder / "Dockerfile"
    mounted = "RUN --mount=type=secret,id=token sh -c 'test -n \"$(cat /run/secrets/token)\"' && echo"
    dockerfile.write_text(dockerfile.read_text().replace("RUN echo", mounted))
    run = kit(
        "run",
        "--until=push",
        f"--image={docker_registry.address}/web",
        "--set=build.secrets=id=token,env=MY_TOKEN",
        MY_TOKEN=secret,
    )
    assert run.code == 0, run.stderr
    layout = kit.layout("web")
    places = [*layout.rglob("*"), *(kit.folder / ".pipeline-kit").rglob("*"), *docker_registry.storage.rglob("*")]
    for path in places:
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    assert secret not in run.stdout + run.stderr


def test_nothing_of_ours_is_left_in_the_repository(kit: Kit) -> None:
    assert kit("build").code == 0
    assert Repository(kit.folder, new=False)("status", "--porcelain").strip() == ""


@pytest.mark.parametrize("rules", [None, "!**\n"])
def test_what_we_keep_in_the_working_tree_enters_no_image(kit: Kit, rules: str | None) -> None:
    (kit.folder / "Dockerfile").write_text("FROM small\nCOPY . /app\n")
    if rules is not None:
        (kit.folder / ".dockerignore").write_text(rules)
    first, second = kit("build"), kit("build")
    assert first.code == second.code == 0, first.stderr + second.stderr
    assert first.result == second.result


@pytest.mark.parametrize("content", [b"", b'{"schema": 1, "comm', b"\0" * 512, b'{"schema": 99}'])
def test_a_damaged_record_stops_no_run_and_is_no_evidence(kit: Kit, content: bytes) -> None:
    record = kit.folder / ".pipeline-kit" / "run.json"
    assert kit("run", "--until", "tag").code == 0
    whole = record.read_bytes()
    for arguments in (("run", "--only", "version"), ("version",), ("run", "--until", "tag"), ("tag",)):
        record.write_bytes(content)
        run = kit(*arguments)
        assert run.code == 0, run.stderr
        assert "what it held is not used" in run.stderr
        assert json.loads(record.read_bytes())["entries"]
    record.write_bytes(content)
    run = kit("push", "--image", "127.0.0.1:1/web")
    assert run.code == 64
    assert "explain record.invalid" in run.stderr
    assert "pipeline-kit build" in run.stderr
    assert kit("run", "--until", "tag").code == 0
    assert json.loads(record.read_bytes())["commit"] == json.loads(whole)["commit"]


@pytest.mark.parametrize("year", [1960, 9998])
def test_a_run_at_any_time_is_answered(kit: Kit, docker_registry: DockerRegistry, tmp_path: Path, year: int) -> None:
    """Scanner's data, tokens, locks and records have times of their own; none of them may trip over the machine's."""
    (tmp_path / "then" / "sitecustomize.py").parent.mkdir()
    (tmp_path / "then" / "sitecustomize.py").write_text(
        f"import calendar, time; time.time = lambda: float(calendar.timegm(({year}, 1, 2, 0, 0, 0)))\n"
    )
    then = {"PYTHONPATH": str(tmp_path / "then")}
    run = kit("run", "--image", f"{docker_registry.address}/web", "--set", "deploy.target=docker", **then)
    assert "explain run.bug" not in run.stderr, run.stderr
    assert (run.code, "scanner data is" in run.stderr) == (3, True), run.stderr
