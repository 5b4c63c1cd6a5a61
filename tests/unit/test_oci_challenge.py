"""What a registry may ask, and who may see the credentials."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.challenge import parse_challenges, realm_is_near

_WORDS = st.sampled_from(["Bearer", "Basic", "realm", "=", '"', ",", " ", "\\", "https://a/b", "\t", "scope", "é"])


def test_a_bearer_challenge_is_read() -> None:
    (challenge,) = parse_challenges('Bearer realm="https://a.example/token",service=a,scope="repository:x:pull,push"')
    assert challenge.scheme == "bearer"
    assert challenge.parameters == {
        "realm": "https://a.example/token",
        "service": "a",
        "scope": "repository:x:pull,push",
    }


def test_several_challenges_in_one_header_are_told_apart() -> None:
    basic, bearer = parse_challenges(r'Basic realm="say \"hi\"", charset="UTF-8", BEARER Realm = "https://a.example"')
    assert (basic.scheme, basic.parameters) == ("basic", {"realm": 'say "hi"', "charset": "UTF-8"})
    assert (bearer.scheme, bearer.parameters) == ("bearer", {"realm": "https://a.example"})


@pytest.mark.parametrize("header", ["", ",", '"', "=", 'realm="x"', "Bearer", 'Bearer realm="open'])
def test_what_is_no_challenge_is_no_error(header: str) -> None:
    assert all(challenge.parameters.get("realm", "") != "x" for challenge in parse_challenges(header))


@given(st.lists(_WORDS).map("".join) | st.text())
def test_any_text_is_accepted(header: str) -> None:
    parse_challenges(header)


@pytest.mark.parametrize("piece", ["a", "a ", 'a="', "=", 'a="\\"', "a=b,"])
def test_a_long_header_takes_no_long_time(piece: str) -> None:
    started = time.process_time()  # however busy the machine is
    parse_challenges(piece * 60_000)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        ("docker.io", "https://auth.docker.io/token"),
        ("ghcr.io", "https://ghcr.io/token"),
        ("contoso.azurecr.io", "https://contoso.azurecr.io/oauth2/token"),
        ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
        ("registry.contoso.example", "https://login.contoso.example/token"),
        ("registry.contoso.example:5000", "https://registry.contoso.example:5001/token"),
        ("contoso.example", "https://auth.contoso.example/token"),
        ("127.0.0.1:5000", "http://127.0.0.1:5001/token"),
        ("10.1.2.3:5000", "https://10.1.2.3/token"),
    ],
)
def test_a_registrys_own_token_service_sees_the_credentials(registry: str, realm: str) -> None:
    assert realm_is_near(realm, Repository(registry, "shop/web"))


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        ("docker.io", "https://docker.io.evil.example/token"),
        ("docker.io", "http://auth.docker.io/token"),
        ("ghcr.io", "https://auth.docker.io/token"),
        ("ghcr.io", "https://evil.io/token"),
        ("contoso.azurecr.io", "https://evil.azurecr.io/oauth2/token"),
        ("contoso.azurecr.io", "http://contoso.azurecr.io/oauth2/token"),
        ("contoso.azurecr.io", "https://contoso.azurecr.io@evil.example/token"),
        ("registry.contoso.example", "https://contoso.example.evil.example/token"),
        ("registry.contoso.co.uk", "https://evil.co.uk/token"),
        ("shop.azurewebsites.net", "https://evil.azurewebsites.net/token"),
        ("127.0.0.1:5000", "http://localhost:5001/token"),
        ("127.0.0.1:5000", "https://evil.example/token"),
        ("registry.contoso.example", "http://169.254.169.254/metadata"),
        ("10.1.2.3", "https://10.1.2.4/token"),
        ("10.1.2.3", "https://evil.1.2.3/token"),
        ("reg.contoso.example", "https://evil.example\\.reg.contoso.example/"),
        ("reg.contoso.example", "https://evil.example\\@reg.contoso.example/"),
        ("reg.contoso.example", "https://evil.example\N{FULLWIDTH SOLIDUS}.reg.contoso.example/"),
        ("ghcr.io", ""),
        ("ghcr.io", "https://[::1/"),
        ("ghcr.io", "file:///etc/passwd"),
    ],
)
def test_a_strange_host_does_not(registry: str, realm: str) -> None:
    assert not realm_is_near(realm, Repository(registry, "shop/web"))
