"""What is refused before an engine is started."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_kit.context import Context, Silent
from pipeline_kit.engines.checks import check
from pipeline_kit.engines.request import BuildRequest, BuildSecret, parse_secret
from pipeline_kit.errors import Failure
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.process import Runner


class Told(Silent):
    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.masked: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def mask(self, secret: str) -> None:
        self.masked.append(secret)


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def context(tmp_path, told):
    (tmp_path / "Dockerfile").write_text("FROM a AS build\nFROM b AS runtime\n")
    return Context(
        root=tmp_path,
        state=tmp_path / "state",
        output=tmp_path / ".pipeline-kit",
        environ={"TOKEN": "hush", "EMPTY": ""},
        run=Runner({}),
        event=Event(kind="local"),
        identity=RunIdentity(ci="local"),
        report=told,
    )


def request(context: Context, **options: Any) -> BuildRequest:
    return BuildRequest(**{"folder": context.root, "dockerfile": context.root / "Dockerfile"} | options)


def refused(context: Context, **options: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        check(request(context, **options), context)
    return caught.value


def test_a_request_that_can_be_built_gives_its_dockerfile(context):
    assert len(check(request(context, target="runtime"), context).stages) == 2
    assert check(request(context, target="1"), context)


def test_a_missing_dockerfile_tells_which_there_are(context):
    (context.root / "web.Dockerfile").touch()
    failure = refused(context, dockerfile=context.root / "Dokcerfile")
    assert (failure.kind, failure.headline) == ("build.dockerfile-missing", "there is no Dokcerfile")
    assert "Dockerfile, web.Dockerfile" in failure.notes[0].text


def test_a_missing_folder_is_named(context):
    assert refused(context, folder=context.root / "web").kind == "build.folder"


def test_an_empty_dockerfile_is_told(context):
    (context.root / "Dockerfile").write_text("# later\n")
    assert refused(context).headline == "Dockerfile is empty"


def test_an_unknown_stage_has_a_near_name(context):
    failure = refused(context, target="runtme")
    assert (failure.kind, failure.headline) == ("build.target", "Dockerfile has no stage runtme; did you mean runtime?")


@pytest.mark.parametrize("name", ["", "A=B", "A B", "A\n", "A,B", 'A"'])
def test_a_name_that_an_engine_would_read_otherwise_is_refused(context, name):
    assert refused(context, args={name: "x"}).kind == "build.name"
    assert refused(context, labels={name: "x"}).kind == "build.name"
    assert refused(context, contexts={name: "x"}).kind == "build.name"
    assert refused(context, secrets=(BuildSecret(name, env="TOKEN"),)).kind == "build.name"


@pytest.mark.parametrize("variable", ["MISSING", "EMPTY"])
def test_a_secret_without_a_value_is_refused_since_engines_give_an_empty_one(context, variable):
    failure = refused(context, secrets=(BuildSecret("npm", env=variable),))
    assert (failure.kind, failure.headline) == ("build.secret", f"the secret npm is empty: {variable} is not set")


def test_a_secret_without_its_file_is_refused(context):
    assert refused(context, secrets=(parse_secret("id=npm,src=token.txt"),)).kind == "build.secret"


def test_secrets_are_masked_before_anything_is_printed(context, told):
    (context.root / "token.txt").write_text("quiet")
    check(request(context, secrets=(parse_secret("id=a,env=TOKEN"), parse_secret("id=b,src=token.txt"))), context)
    assert told.masked == ["hush", "quiet"]


@pytest.mark.parametrize("name", ["NPM_TOKEN", "db_password", "apiKey", "API_KEY", "SECRET", "awsSecretAccess"])
def test_a_build_argument_that_looks_like_a_secret_is_warned_of(context, told, name):
    check(request(context, args={name: "x"}), context)
    assert f"--secret id={name.lower()},env={name}" in told.warnings[0]


@pytest.mark.parametrize("name", ["VERSION", "KEYBOARD", "MONKEY", "TOKENIZER", "PATH"])
def test_other_build_arguments_are_not(context, told, name):
    check(request(context, args={name: "x"}), context)
    assert told.warnings == []


def test_secrets_are_written_as_docker_writes_them():
    assert parse_secret("id=npm,env=NPM_TOKEN") == BuildSecret("npm", env="NPM_TOKEN")
    assert str(parse_secret("type=file,id=npm,source=a/b").file) == "a/b"
    assert str(parse_secret('id=npm,"src=a,b"').file) == "a,b"


@pytest.mark.parametrize(
    "text", ["", "npm", "id=npm", "id=,env=X", "env=X", "id=npm,value=hush", "id=a,env=B,src=c", "id=a,env="]
)
def test_a_secret_in_other_words_is_refused_without_showing_it(text):
    with pytest.raises(Failure) as caught:
        parse_secret(text)
    assert caught.value.kind == "build.secret"
    assert "hush" not in caught.value.headline + "".join(note.text for note in caught.value.notes)
