"""``bump --sign`` with OpenPGP: a key of a keyring of the test's own, by the program that a person has configured."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.world.bumping import FILES, Project, project

if TYPE_CHECKING:
    from collections.abc import Iterator

WHO = "Release <release@example.com>"


class Keyring:
    """A folder of GnuPG's own, and the key that is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"GNUPGHOME": str(folder), "PATH": os.environ["PATH"], "HOME": str(folder)}
        self("gpg", "--batch", "--passphrase", "", "--quick-generate-key", WHO, "ed25519", "sign", "never")
        listed = self("gpg", "--batch", "--with-colons", "--list-secret-keys")
        self.key = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(arguments, env=self.environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def verified(self, shop: Project, command: str, name: str) -> str:
        """What git says of the signature, with this keyring; a failed test where it doesn't hold."""
        environ = {**self.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        done = subprocess.run(
            ["git", "-c", "gpg.program=gpg", command, "--raw", name],
            cwd=shop.work.folder,
            env=environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr


@pytest.fixture
def keyring() -> Iterator[Keyring]:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    # The agent's socket lies in it, and the path of one has to be short.
    with tempfile.TemporaryDirectory(prefix="pk-gpg-", ignore_cleanup_errors=True) as folder:
        made = Keyring(Path(folder))
        try:
            yield made
        finally:
            made("gpgconf", "--kill", "all")


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path)


def test_commit_and_tag_are_signed_by_the_key_that_is_configured(
    shop: Project, keyring: Keyring, tmp_path: Path
) -> None:
    (tmp_path / ".gitconfig").write_text(f"[user]\n\tsigningKey = {keyring.key}\n")
    # The repository's own word on programs doesn't count.
    shop.work("config", "gpg.program", "/nowhere")
    shop.work("config", "gpg.openpgp.program", "/nowhere")
    run = shop.kit("bump", *FILES, "--sign", GNUPGHOME=str(keyring.folder))
    assert run.code == 0, run.stderr
    assert run.result == "v1.1.0"
    for command, name in (("verify-tag", "v1.1.0"), ("verify-commit", "HEAD")):
        said = keyring.verified(shop, command, name)
        assert "[GNUPG:] GOODSIG" in said
        assert f"[GNUPG:] VALIDSIG {keyring.key}" in said
    assert shop.remote("rev-parse", "v1.1.0") == shop.work("rev-parse", "v1.1.0")
    assert shop.remote("rev-parse", "main") == shop.work("rev-parse", "HEAD")


def test_a_tag_alone_is_signed_too_by_who_makes_it(shop: Project, keyring: Keyring) -> None:
    """Without a key in the configuration the committer's is taken."""
    run = shop.kit("bump", "--sign", GNUPGHOME=str(keyring.folder))
    assert run.code == 0, run.stderr
    assert f"VALIDSIG {keyring.key}" in keyring.verified(shop, "verify-tag", "v1.1.0")


def test_a_key_that_is_not_there_changes_nothing(shop: Project, keyring: Keyring, tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tsigningKey = nobody@example.com\n")
    before = shop.work("for-each-ref") + shop.work("status", "--porcelain")
    refused = shop.kit("bump", *FILES, "--sign", GNUPGHOME=str(keyring.folder))
    assert (refused.code, "explain bump.sign" in refused.stderr) == (1, True), refused.stderr
    assert "│ " in refused.stderr, "gpg's own words are shown"
    assert shop.work("for-each-ref") + shop.work("status", "--porcelain") == before
    assert shop.remote("tag", "--list").split() == ["v1.0.0"]
