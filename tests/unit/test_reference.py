"""References are parsed once, as Docker reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.model.reference import Reference, Repository, is_tag

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "registry", "path", "tag"),
    [
        ("alpine", "docker.io", "library/alpine", ""),
        ("alpine:3.20", "docker.io", "library/alpine", "3.20"),
        ("user/app", "docker.io", "user/app", ""),
        ("index.docker.io/alpine", "docker.io", "library/alpine", ""),
        ("localhost/app", "localhost", "app", ""),
        ("localhost:5000/app:1", "localhost:5000", "app", "1"),
        ("contosoreg.azurecr.io/shop/web:v1", "contosoreg.azurecr.io", "shop/web", "v1"),
        ("REG.example.com/a", "reg.example.com", "a", ""),
        ("[::1]:5000/a/b", "[::1]:5000", "a/b", ""),
        ("ghcr.io/o/r.n_m--x", "ghcr.io", "o/r.n_m--x", ""),
    ],
)
def test_a_reference_has_registry_path_and_tag(text: str, registry: str, path: str, tag: str) -> None:
    assert Reference.parse(text) == Reference(Repository(registry, path), tag)


def test_with_tag_and_digest_both_are_kept() -> None:
    reference = Reference.parse(f"reg.io/a:1@{DIGEST}")
    assert (reference.tag, reference.digest) == ("1", DIGEST)
    assert str(reference) == f"reg.io/a:1@{DIGEST}"
    assert reference.short == "reg.io/a@0123456789ab"


@pytest.mark.parametrize(
    "text",
    ["", " ", "reg.io/", "reg.io/A", "reg.io/../a", "reg.io/a//b", "reg.io/a:-x", "a@sha256:12", f"a@SHA256:{'0' * 64}",
     "reg.io/a:" + "x" * 129, "reg.io/a b", "reg.io/a\n", "-reg.io/a", "reg.io:port/a", "reg.io/a/", "reg.io/$(id)"],
)  # fmt: skip
def test_what_is_no_reference_is_refused_with_its_text(text: str) -> None:
    if text == "reg.io/a\n":  # white space around a reference is not part of it
        assert str(Reference.parse(text)) == "reg.io/a"
        return
    with pytest.raises(ValueError, match=r".+"):
        Reference.parse(text)


def test_upper_case_gets_a_guess() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'reg\.io/shop/web'"):
        Reference.parse("reg.io/Shop/Web")


def test_a_repository_has_no_tag() -> None:
    with pytest.raises(ValueError, match="only the repository"):
        Repository.parse("reg.io/a:1")


@pytest.mark.parametrize(
    ("registry", "loopback"),
    [
        *(("localhost:5000", True), ("127.0.0.1", True), ("127.8.0.1:80", True), ("[::1]:1", True), ("reg.io", False)),
        *(("localhost.evil.example", False), ("127.evil.example:80", False), ("127.1", False)),
    ],
)
def test_plain_http_is_for_this_machine_only(registry: str, loopback: bool) -> None:
    assert Repository(registry, "a").loopback is loopback


@given(st.text(max_size=300))
def test_any_text_is_a_reference_or_refused_and_prints_back(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except ValueError:
        return
    assert Reference.parse(str(reference)) == reference


@given(st.text(max_size=140))
def test_a_tag_is_at_most_128_plain_characters(text: str) -> None:
    if is_tag(text):
        assert len(text) <= 128
        assert text.isascii()
        assert text[0] not in ".-"
