"""From how a build ended to what a person reads."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_kit.context import Context
from pipeline_kit.engines.dockerfile import parse
from pipeline_kit.engines.ending import Ending
from pipeline_kit.engines.failures import explain
from pipeline_kit.engines.job import Job
from pipeline_kit.engines.request import BuildRequest, EngineFacts
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.image import Tool
from pipeline_kit.process import Runner


@pytest.fixture
def context(tmp_path):
    return Context(
        root=tmp_path,
        state=tmp_path / "state",
        output=tmp_path / ".pipeline-kit",
        environ={},
        run=Runner({}),
        event=Event(kind="local"),
        identity=RunIdentity(ci="local"),
    )


def explained(context: Context, dockerfile: str, *, log: str = "", **ending: Any) -> Failure:
    path = context.root / "Dockerfile"
    path.write_text(dockerfile)
    log_file = context.log("build")
    log_file.write_text(log)
    job = Job(
        request=BuildRequest(folder=context.root, dockerfile=path),
        dockerfile=parse(path),
        facts=EngineFacts(tool=Tool("buildx", "0.38"), store="containerd"),
        destination=context.state / "layout",
        context=context,
        log=log_file,
        scratch=context.state,
    )
    return explain(Ending(**ending), job)


def notes(failure: Failure) -> dict[str, str]:
    return {note.label: note.text for note in failure.notes}


def test_a_failed_command_reads_as_specified(context):
    dockerfile = (
        "FROM base AS build\n"
        + "ENV A=1\n" * 10
        + "FROM base AS runtime\n"
        + ("COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n")
    )
    failure = explained(
        context,
        dockerfile,
        log="\n" * 214,
        message="process ... exit code: 1",
        line=14,
        code=1,
        log_line=187,
        words=(
            "pip: fastapi==0.999 asked for by requirements.txt line 3",
            "pip: no such version, newest is 0.121.0",
        ),
    )
    assert (failure.kind, failure.exit) == ("build.run", Exit.BROKE)
    assert failure.headline == "Dockerfile:14, RUN ended with exit code 1"
    assert failure.evidence == (
        "      13 │ COPY requirements.txt .",
        "   >  14 │ RUN pip install --no-cache-dir -r requirements.txt",
        "│ pip: fastapi==0.999 asked for by requirements.txt line 3",
        "│ pip: no such version, newest is 0.121.0",
    )
    assert notes(failure) == {
        "why": "The command of stage runtime failed; the lines below 14 are its own last words.",
        "log": ".pipeline-kit/logs/build.log, 214 lines, this command from 187",
    }
    assert str(failure.place) == "Dockerfile:14"
    assert failure.narrowed == "runtime"


def test_a_command_that_said_nothing_is_told_so(context):
    failure = explained(context, "FROM a\nRUN false\n", message="", line=2, code=1, words=("", ""))
    assert notes(failure)["why"] == "The command failed and said nothing."
    assert failure.narrowed == ""


def test_a_killed_command_is_told_apart(context):
    failure = explained(context, "FROM a\nRUN x\n", message="", line=2, code=137)
    assert "killed" in notes(failure)["why"]


def test_colours_and_lines_that_were_drawn_over_are_left_out(context):
    words = ("\x1b[31mred\x1b[0m", " 10%\r 50%\r100%", "\x07bell\r")
    failure = explained(context, "FROM a\nRUN x\n", message="", line=2, code=1, words=words)
    assert failure.evidence[-3:] == ("│ red", "│ 100%", "│ \\x07bell")


def test_a_command_that_speaks_of_a_full_disk_is_a_failed_command(context):
    failure = explained(
        context, "FROM a\nRUN x\n", message='process "echo no space left on device": exit code: 1', line=2, code=1
    )
    assert failure.kind == "build.run"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("write /x/data: no space left on device: unknown", "build.disk"),
        ("failed to receive status: rpc error: code = Unavailable desc = EOF", "build.engine-died"),
        ('no builder "x" found', "build.builder"),
        ('target stage "x" could not be found', "build.target"),
        ('The target "x" was not found in the provided Dockerfile', "build.target"),
        ("secret npm: not found", "build.secret"),
        ("secret npm not found: not found", "build.secret"),
        ("secret required but no secret with id npm found", "build.secret"),
        ("dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)", "build.dockerfile"),
        ("failed to create LLB definition: ENV must have two arguments", "build.dockerfile"),
        ("no FROM statement found", "build.dockerfile"),
        ("something that nobody has seen before", "build.failed"),
        ("", "build.failed"),
    ],
)  # fmt: skip
def test_the_engines_last_words_tell_the_kind(context, message, kind):
    assert explained(context, "FROM a\nRUN x\n", message=message).kind == kind


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("failed to resolve source metadata for r.io/x:1: r.io/x:1: not found", "build.base"),
        ("pull access denied, repository does not exist or may require authorization", "build.base"),
        ('Get "https://r.io/v2/x": dial tcp: lookup r.io: no such host', "build.base-unreachable"),
        ("unexpected status code [manifests 1]: 429 Too Many Requests", "build.base-unreachable"),
        ("unexpected status: 503 Service Unavailable", "build.base-unreachable"),
        ("x509: certificate signed by unknown authority", "build.base"),
    ],
)
def test_a_base_image_is_missing_or_out_of_reach(context, message, kind):
    failure = explained(context, "FROM r.io/x:1\n", message=message, pulled="r.io/x:1", line=1)
    assert failure.kind == kind
    assert "r.io/x:1" in failure.headline


def test_an_image_of_docker_hub_is_named_as_the_dockerfile_names_it(context):
    failure = explained(
        context, "FROM debian:0\n", message="debian:0: not found", pulled="docker.io/library/debian:0", line=1
    )
    assert failure.headline == "Dockerfile:1, there is no base image debian:0"


def test_a_stage_that_is_misspelt_in_copy_is_not_called_an_image(context):
    failure = explained(
        context,
        "FROM a AS build\nFROM b\nCOPY --from=biuld /x /x\n",
        message="failed to do request: no such host",
        pulled="docker.io/library/biuld:latest",
        line=3,
    )
    assert failure.kind == "build.base"
    assert "Did you mean build?" in notes(failure)["why"]


def test_a_file_that_is_not_there_has_a_near_name(context):
    (context.root / "src").mkdir()
    (context.root / "src" / "main.py").touch()
    failure = explained(context, "FROM a\nCOPY src/mian.py /x\n", message='"/src/mian.py": not found', line=2)
    assert failure.headline == "Dockerfile:2, there is no src/mian.py to copy"
    assert "Did you mean src/main.py?" in notes(failure)["why"]


@pytest.mark.parametrize(
    "message",
    [
        "lstat /var/lib/docker/tmp/buildkit-mount2810403458/app/no: no such file or directory",
        "lstat /var/lib/docker/overlay2/e909/merged/app/no: no such file or directory",
        "lstat /app/no: no such file or directory",
        'building at STEP "COPY": checking on sources under "/x/merged": copier: stat: "/app/no": no such file',
    ],
)
def test_a_file_that_another_stage_lacks_is_named_in_that_stage(context, message):
    failure = explained(context, "FROM a AS build\nFROM b\nCOPY --from=build /app/no /x\n", message=message, line=3)
    assert (failure.kind, failure.headline) == ("build.copy", "Dockerfile:3, stage build has no /app/no")


def test_a_file_that_is_kept_out_names_the_list_that_counts(context):
    (context.root / "key").touch()
    (context.root / ".dockerignore").write_text("key\n")
    failure = explained(context, "FROM a\nCOPY key /x\n", message='"/key": not found', line=2)
    assert notes(failure)["why"] == "It is there, but .dockerignore keeps it out of the build."
    (context.root / "Dockerfile.dockerignore").write_text("key\n")
    failure = explained(context, "FROM a\nCOPY key /x\n", message='"/key": not found', line=2)
    assert "Dockerfile.dockerignore" in notes(failure)["why"]


def test_what_the_engine_finds_wrong_before_the_first_step_is_the_dockerfiles_fault(context):
    failure = explained(context, "FROM $X\n", message="base name ($X) should not be blank", line=1)
    assert (failure.kind, failure.exit) == ("build.dockerfile", Exit.USAGE)
    assert failure.headline == "Dockerfile:1, base name ($X) should not be blank"


def test_an_unknown_failure_shows_the_line_and_the_engines_words(context):
    failure = explained(context, "FROM a\nADD http://x/y /y\n", message="Get http://x/y: 500", line=2, log_line=9)
    assert failure.headline == "Dockerfile:2, ADD failed"
    assert failure.evidence[-1] == "│ Get http://x/y: 500"
