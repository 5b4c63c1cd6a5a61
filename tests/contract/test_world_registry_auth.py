"""docker-registry believes the world's token service and its passwords."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
import requests

from tests.world.docker_registry import passwords, running_registry
from tests.world.token_service import TOKEN_USER, Account, running_token_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world.docker_registry import DockerRegistry
    from tests.world.token_service import TokenService

_PUSHER = Account("pusher", "secret", {"team/*": frozenset({"pull", "push"})}, frozenset({"entra-token"}))
_READER = Account("reader", "secret", {"*": frozenset({"pull"})})


@pytest.fixture
def service(tmp_path: Path) -> Iterator[TokenService]:
    with running_token_service(tmp_path, (_PUSHER, _READER)) as service:
        yield service


@pytest.fixture
def registry(tmp_path: Path, service: TokenService) -> Iterator[DockerRegistry]:
    with running_registry(tmp_path / "registry", auth=service.auth) as registry:
        yield registry


def _start_of_upload(registry: DockerRegistry, authorization: str = "") -> requests.Response:
    headers = {"Authorization": authorization} if authorization else {}
    return requests.post(f"{registry.url}/v2/team/app/blobs/uploads/", headers=headers, timeout=10)


def _token(service: TokenService, **form: str) -> str:
    asked = {"service": service.service, "scope": "repository:team/app:pull,push", **form}
    answer = requests.post(f"{service.url}/oauth2/token", asked, timeout=10)
    assert answer.status_code == 200, answer.text
    return f"Bearer {answer.json()['access_token']}"


def test_the_challenge_names_the_token_service(registry: DockerRegistry, service: TokenService) -> None:
    answer = _start_of_upload(registry)
    assert answer.status_code == 401
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers["WWW-Authenticate"]))
    assert challenge["realm"] == f"{service.url}/oauth2/token"
    assert challenge["service"] == service.service
    assert challenge["scope"] in ("repository:team/app:pull,push", "repository:team/app:push,pull")


def test_an_entra_token_ends_as_the_right_to_push(registry: DockerRegistry, service: TokenService) -> None:
    asked = {"grant_type": "access_token", "service": service.service, "access_token": "entra-token"}
    exchanged = requests.post(f"{service.url}/oauth2/exchange", asked, timeout=10).json()
    token = _token(service, grant_type="refresh_token", refresh_token=exchanged["refresh_token"])
    assert _start_of_upload(registry, token).status_code == 202
    assert service.asked == ["POST /oauth2/exchange 200", "POST /oauth2/token 200"]


def test_a_refresh_token_is_a_password(registry: DockerRegistry, service: TokenService) -> None:
    asked = {"grant_type": "access_token", "service": service.service, "access_token": "entra-token"}
    exchanged = requests.post(f"{service.url}/oauth2/exchange", asked, timeout=10).json()
    scope = {"service": service.service, "scope": "repository:team/app:pull,push"}
    answer = requests.get(
        f"{service.url}/oauth2/token", scope, auth=(TOKEN_USER, exchanged["refresh_token"]), timeout=10
    )
    assert _start_of_upload(registry, f"Bearer {answer.json()['access_token']}").status_code == 202


def test_a_reader_gets_a_token_that_grants_no_push(registry: DockerRegistry, service: TokenService) -> None:
    token = _token(service, grant_type="password", username="reader", password="secret")
    assert _start_of_upload(registry, token).status_code == 401


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "pusher", "password": "guessed"},
        {"grant_type": "refresh_token", "refresh_token": "made up"},
        {},
    ],
    ids=["a wrong password", "a made-up token", "nobody"],
)
def test_others_get_no_token(service: TokenService, form: dict[str, str]) -> None:
    assert requests.post(f"{service.url}/oauth2/token", form, timeout=10).status_code == 401


def test_an_access_token_is_no_refresh_token(service: TokenService) -> None:
    token = _token(service, grant_type="password", username="pusher", password="secret").removeprefix("Bearer ")
    asked = {"grant_type": "refresh_token", "refresh_token": token}
    assert requests.post(f"{service.url}/oauth2/token", asked, timeout=10).status_code == 401


def test_a_registry_can_ask_for_passwords(tmp_path: Path) -> None:
    with running_registry(tmp_path / "registry", auth=passwords(tmp_path, {"ann": "secret"})) as registry:
        assert _start_of_upload(registry).status_code == 401
        assert _start_of_upload(registry, f"Basic {b64encode(b'ann:guessed').decode()}").status_code == 401
        assert _start_of_upload(registry, f"Basic {b64encode(b'ann:secret').decode()}").status_code == 202
