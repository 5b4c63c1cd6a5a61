"""Credential helpers as the programs that they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.context import Context
from pipeline_kit.errors import Failure
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.credentials import SOURCES, find
from pipeline_kit.process import Runner

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.oci.credential import Credential

_GIVES = """\
#!/bin/sh
read -r server
test "$1" = get && test "$server" = contoso.azurecr.io || exit 9
echo '{"ServerURL": "contoso.azurecr.io", "Username": "%s", "Secret": "s3cret"}'
"""
_HAS_NONE = "#!/bin/sh\necho credentials not found in native keychain\nexit 1\n"
_FAILS = "#!/bin/sh\necho the keychain is locked >&2\nexit 3\n"


def _found(folder: Path, script: str, **config: object) -> Credential:
    program = folder / "docker-credential-test"
    program.write_text(script)
    program.chmod(0o755)
    (folder / "config.json").write_text(json.dumps(config))
    environ = {"PATH": f"{folder}:/usr/bin:/bin", "DOCKER_CONFIG": str(folder)}
    context = Context(
        root=folder,
        state=folder,
        output=folder,
        environ=environ,
        run=Runner(environ),
        event=Event("local"),
        identity=RunIdentity("local"),
    )
    return find(Repository("contoso.azurecr.io", "shop/web"), context, SOURCES)


@pytest.mark.parametrize("config", [{"credHelpers": {"contoso.azurecr.io": "test"}}, {"credsStore": "test"}])
def test_a_helper_is_asked_for_the_registry(tmp_path: Path, config: dict[str, object]) -> None:
    credential = _found(tmp_path, _GIVES % "ann", **config)
    assert (credential.username, credential.secret) == ("ann", "s3cret")
    assert credential.origin == "credential helper test"
    assert not credential.is_identity_token


def test_a_helper_can_give_an_identity_token(tmp_path: Path) -> None:
    assert _found(tmp_path, _GIVES % "<token>", credsStore="test").is_identity_token


def test_a_helper_that_has_none_is_no_failure(tmp_path: Path) -> None:
    assert _found(tmp_path, _HAS_NONE, credHelpers={"contoso.azurecr.io": "test"}).origin == "anonymous"


def test_a_helper_that_fails_is_quoted_where_it_is_named_for_the_registry(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        _found(tmp_path, _FAILS, credHelpers={"contoso.azurecr.io": "test"})
    assert caught.value.kind == "login.helper"
    assert "the keychain is locked" in caught.value.evidence[0]
    assert _found(tmp_path, _FAILS, credsStore="test").origin == "anonymous"
