"""Which packages of Cargo share a version, and what its lock file repeats of it."""

from __future__ import annotations

import pytest

from pipeline_kit.release import cargo

ROOT = '[workspace]\nexclude = ["old"]\nmembers = ["a", "old/kept"]\n[workspace.package]\nversion = "1.0.0"\n'


def heir(name: str, more: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion.workspace = true\n{more}'


def test_those_that_inherit_from_this_workspace_are_meant() -> None:
    manifests = {
        "Cargo.toml": ROOT,
        "a/Cargo.toml": heir("a"),
        "old/b/Cargo.toml": heir("b"),
        "old/kept/Cargo.toml": heir("kept"),
        "inner/Cargo.toml": ROOT,
        "inner/c/Cargo.toml": heir("c"),
        "inner/d/Cargo.toml": heir("d", 'workspace = "../.."\n'),
        "e/Cargo.toml": '[package]\nname = "e"\nversion = "1.0.0"\n',
        "broken/Cargo.toml": "[package\n",
    }
    assert cargo.names("Cargo.toml", manifests) == ("a", "kept", "d")
    assert cargo.names("inner/Cargo.toml", manifests) == ("c",)
    assert cargo.names("e/Cargo.toml", manifests) == ("e",)
    assert cargo.workspace_of("old/b/Cargo.toml", manifests) == ""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_lock_keeps_what_is_another_s(newline: str) -> None:
    lock = (
        '[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+x"\n\n'
        '[[package]]\nname = "a"\nversion = "2.0.0"\n\n'
        '[[package]]\nname = "b"\nversion = "2.0.0"\ndependencies = [\n "a 1.0.0",\n "a 2.0.0",\n "aa 2.0.0",\n]\n'
    ).replace("\n", newline)
    changed = lock.replace(f'"a"{newline}version = "2.0.0"', f'"a"{newline}version = "3.0.0"')
    assert cargo.with_version(lock, ["a"], "2.0.0", "3.0.0") == changed.replace(' "a 2.0.0"', ' "a 3.0.0"')
