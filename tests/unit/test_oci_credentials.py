"""Where credentials come from, and that nobody sees them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.context import Context, Silent
from pipeline_kit.errors import Failure
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.credential import Credential
from pipeline_kit.oci.credentials import SOURCES, TARGET_SOURCES, find
from pipeline_kit.process import Runner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SHOP = Repository("contoso.azurecr.io", "shop/web")
_HUB = Repository("docker.io", "library/alpine")


class _Masking(Silent):
    def __init__(self) -> None:
        self.masked: list[str] = []

    def mask(self, secret: str) -> None:
        self.masked.append(secret)


def _context(folder: Path, environ: Mapping[str, str]) -> Context:
    return Context(
        root=folder,
        state=folder,
        output=folder,
        environ={"HOME": str(folder), **environ},
        run=Runner(environ),
        event=Event("local"),
        identity=RunIdentity("local"),
        report=_Masking(),
    )


def _auth(name: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{name}:{password}".encode()).decode()}


def _write(path: Path, **content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def _found(context: Context, repository: Repository = _SHOP) -> tuple[str, str, str]:
    credential = find(repository, context, TARGET_SOURCES)
    return credential.username, credential.secret, credential.origin


def test_the_environment_comes_first_and_is_for_the_target_alone(tmp_path: Path) -> None:
    environ = {"PIPELINE_KIT_REGISTRY_USERNAME": "ann", "PIPELINE_KIT_REGISTRY_PASSWORD": "s3cret"}
    _write(tmp_path / ".docker" / "config.json", auths={"contoso.azurecr.io": _auth("bob", "other")})
    context = _context(tmp_path, environ)
    assert _found(context) == ("ann", "s3cret", "PIPELINE_KIT_REGISTRY_USERNAME")
    assert find(_SHOP, context, SOURCES).username == "bob"
    assert find(_HUB, context, SOURCES).origin == "anonymous"


@pytest.mark.parametrize("name", ["PIPELINE_KIT_REGISTRY_USERNAME", "PIPELINE_KIT_REGISTRY_PASSWORD"])
def test_half_a_credential_is_a_mistake(tmp_path: Path, name: str) -> None:
    with pytest.raises(Failure) as caught:
        _found(_context(tmp_path, {name: "s3cret"}))
    assert caught.value.kind == "login.half"
    assert "s3cret" not in str(caught.value.notes)


@pytest.mark.parametrize("key", ["contoso.azurecr.io", "https://contoso.azurecr.io", "https://contoso.azurecr.io/v2/"])
def test_docker_login_is_found(tmp_path: Path, key: str) -> None:
    _write(tmp_path / ".docker" / "config.json", auths={"ghcr.io": _auth("no", "no"), key: _auth("ann", "p:w")})
    assert _found(_context(tmp_path, {})) == ("ann", "p:w", "docker config")


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])
def test_docker_hub_has_many_names(tmp_path: Path, key: str) -> None:
    _write(tmp_path / "elsewhere" / "config.json", auths={key: _auth("ann", "s3cret")})
    context = _context(tmp_path, {"DOCKER_CONFIG": str(tmp_path / "elsewhere")})
    assert _found(context, _HUB) == ("ann", "s3cret", "docker config")


def test_an_identity_token_is_no_password(tmp_path: Path) -> None:
    entry = {**_auth("00000000-0000-0000-0000-000000000000", ""), "identitytoken": "refresh"}
    _write(tmp_path / ".docker" / "config.json", auths={"contoso.azurecr.io": entry})
    credential = find(_SHOP, _context(tmp_path, {}), TARGET_SOURCES)
    assert credential.is_identity_token
    assert credential.secret == "refresh"
    assert credential.basic == ""


def test_podmans_closest_entry_counts(tmp_path: Path) -> None:
    auths = {
        "contoso.azurecr.io": _auth("all", "1"),
        "contoso.azurecr.io/shop": _auth("shop", "2"),
        "contoso.azurecr.io/shop/web/more": _auth("more", "3"),
    }
    _write(tmp_path / "run" / "containers" / "auth.json", auths=auths)
    context = _context(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path / "run")})
    assert _found(context) == ("shop", "2", "podman auth.json")
    assert _found(context, Repository("contoso.azurecr.io", "other"))[0] == "all"


def test_a_file_that_is_named_is_the_only_one_of_podman(tmp_path: Path) -> None:
    _write(tmp_path / "run" / "containers" / "auth.json", auths={"contoso.azurecr.io": _auth("run", "1")})
    _write(tmp_path / "named.json", auths={"contoso.azurecr.io": _auth("named", "2")})
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "REGISTRY_AUTH_FILE": str(tmp_path / "named.json")}
    assert _found(_context(tmp_path, environ))[0] == "named"


def test_nobody_is_anonymous(tmp_path: Path) -> None:
    assert _found(_context(tmp_path, {})) == ("", "", "anonymous")
    _write(
        tmp_path / ".docker" / "config.json",
        auths={"contoso.azurecr.io": {}, "contoso.azurecr.io.evil": _auth("a", "b")},
    )
    assert _found(_context(tmp_path, {})) == ("", "", "anonymous")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"auths": 7}', '{"auths": {"contoso.azurecr.io": {"auth": "!"}}}'])
def test_a_broken_file_is_named_and_not_shown(tmp_path: Path, content: str) -> None:
    path = tmp_path / ".docker" / "config.json"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(Failure) as caught:
        _found(_context(tmp_path, {}))
    assert caught.value.kind == "login.docker-config"
    assert str(path) in caught.value.notes[0].text


def test_a_missing_helper_that_is_named_for_the_registry_is_a_failure(tmp_path: Path) -> None:
    _write(tmp_path / ".docker" / "config.json", credHelpers={"contoso.azurecr.io": "acr-env"})
    with pytest.raises(Failure, match="acr-env") as caught:
        _found(_context(tmp_path, {}))
    assert caught.value.kind == "login.helper"
    assert _found(_context(tmp_path, {}), _HUB)[2] == "anonymous"


def test_a_missing_store_for_all_registries_is_passed_over(tmp_path: Path) -> None:
    auths = {"contoso.azurecr.io": _auth("ann", "s3cret")}
    _write(tmp_path / ".docker" / "config.json", credsStore="desktop", auths=auths)
    assert _found(_context(tmp_path, {}))[0] == "ann"


def test_secrets_are_masked_and_never_shown(tmp_path: Path) -> None:
    _write(tmp_path / ".docker" / "config.json", auths={"contoso.azurecr.io": _auth("ann", "s3cret")})
    context = _context(tmp_path, {})
    credential = find(_SHOP, context, TARGET_SOURCES)
    assert isinstance(context.report, _Masking)
    assert context.report.masked == ["s3cret"]
    assert "s3cret" not in f"{credential!r} {credential}"
    assert credential.basic not in repr(credential)


def test_a_credential_knows_its_registry() -> None:
    credential = Credential(registry="ghcr.io", username="ann", secret="s3cret", origin="test")
    assert credential.basic == "Basic YW5uOnMzY3JldA=="
