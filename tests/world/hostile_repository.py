"""A repository that tries to run a program through everything that git takes a program from.

Each trap is a program of its own that leaves a mark under its name, so a test says which one went off.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

_HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout", "post-commit",
    "post-index-change", "post-merge", "post-rewrite", "post-update", "pre-applypatch", "pre-auto-gc", "pre-commit",
    "pre-merge-commit", "pre-push", "pre-rebase", "prepare-commit-msg", "reference-transaction", "sendemail-validate",
)  # fmt: skip
# Keys whose value is a command.
_COMMANDS = (
    "core.fsmonitor", "core.pager", "core.editor", "sequence.editor", "core.sshCommand", "core.gitProxy",
    "core.askPass", "core.alternateRefsCommand", "gpg.program", "gpg.openpgp.program", "gpg.ssh.program",
    "gpg.ssh.defaultKeyCommand", "gpg.x509.program", "diff.external", "diff.evil.command", "diff.evil.textconv",
    "merge.evil.driver", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "filter.a.b=c.clean",
    "filter.a.b=c.smudge", "filter.lfs.clean", "filter.lfs.process", "lfs.extension.evil.clean", "credential.helper",
    "credential.https://example.com.helper", "uploadpack.packObjectsHook", "remote.origin.uploadpack",
    "remote.origin.receivepack", "interactive.diffFilter", "trailer.evil.command", "trailer.evil.cmd",
    "tar.evil.command", "man.evil.cmd", "browser.evil.cmd", "difftool.evil.cmd", "mergetool.evil.cmd",
    "sendemail.smtpServer", "submodule.evil.update", "pager.status", "pager.log", "pager.show-ref", "pager.config",
    "pager.rev-parse", "pager.for-each-ref", "pager.merge-base", "pager.show",
)  # fmt: skip
_ALIASES = ("config", "rev-parse", "show-ref", "log", "status", "merge-base", "for-each-ref", "cat-file", "fetch")
# What makes a trap reachable, or asks for more of what can be run.
_SETTINGS = {
    "log.showSignature": "true",
    "commit.gpgSign": "true",
    "tag.gpgSign": "true",
    "push.gpgSign": "if-asked",
    "filter.evil.required": "true",
    "filter.lfs.required": "true",
    "core.fsmonitorHookVersion": "2",
    "core.untrackedCache": "true",
    "core.mailmap": "true",
    "log.mailmap": "true",
    "protocol.allow": "always",
    "protocol.ext.allow": "always",
    "submodule.recurse": "true",
    "submodule.evil.url": "ext::false",
    "submodule.evil.active": "true",
    "fetch.recurseSubmodules": "true",
    "push.recurseSubmodules": "on-demand",
    "status.submoduleSummary": "true",
    "safe.directory": "*",
    "safe.bareRepository": "all",
    "gc.auto": "1",
    "maintenance.auto": "true",
    "transfer.bundleURI": "true",
    "remote.origin.promisor": "true",
    "remote.origin.partialCloneFilter": "blob:none",
    "diff.renames": "copies",
    "core.attributesFile": "../attributes",
    "mailmap.file": "../attributes",
    "core.excludesFile": "../attributes",
}


class HostileRepository(Repository):
    """A release, a signed commit after it, a file with a new time, a changed one, and a submodule, all trapped."""

    def __init__(self, folder: Path, *, url: str = "") -> None:
        folder.mkdir()
        super().__init__(folder)
        self._traps = folder.parent / f"{folder.name}-traps"
        self._marks = folder.parent / f"{folder.name}-marks"
        self._traps.mkdir()
        self._marks.mkdir()
        self._commits()
        self._configure(url)
        for hook in _HOOKS:
            for hooks in (folder / ".git" / "hooks", folder / "hooks"):
                hooks.mkdir(exist_ok=True)
                (hooks / hook).symlink_to(self.trap(f"hook {hook}"))
        self("config", "core.hooksPath", "hooks")
        os.utime(folder / "same", (1, 1))
        (folder / "changed").write_text("new")

    @property
    def sprung(self) -> list[str]:
        """The traps that went off."""
        return sorted(path.name for path in self._marks.iterdir())

    def trap(self, name: str) -> Path:
        """A program that leaves the mark ``name``; its path can stand in a command line."""
        path = self._traps / "".join(letter if letter.isalnum() else "-" for letter in name)
        path.write_text(f"#!/bin/sh\n: > '{self._marks}/{path.name}'\n")
        path.chmod(0o755)
        return path

    def _commits(self) -> None:
        for name in ("same", "changed", "large.bin"):
            (self.folder / name).write_text("x\n")
        attributes = "* filter=evil diff=evil merge=evil\nlarge.bin filter=lfs\nchanged filter=a.b=c\n"
        (self.folder / ".gitattributes").write_text(attributes)
        (self.folder.parent / "attributes").write_text(attributes)
        self("add", ".")
        self.commit("feat: first")
        self("tag", "v1.0.0")
        tree, parent = self("rev-parse", "HEAD^{tree}", "HEAD").split()
        link = f"160000 commit {parent}\tevil\n"
        listed = self("ls-tree", tree) + link
        tree = self("mktree", stdin=listed.encode()).strip()
        person = "a <a@example.com> 1700000000 +0000"
        signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n"
        signed = f"tree {tree}\nparent {parent}\nauthor {person}\ncommitter {person}\n{signature}\nfix: signed\n"
        commit = self("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed.encode()).strip()
        self("reset", "--quiet", "--hard", commit)
        # A partial clone would fetch this one.
        (self.folder / ".git" / "refs" / "tags" / "missing").write_text("1" * 40 + "\n")

    def _configure(self, url: str) -> None:
        included = self.folder.parent / "included"
        lines = [f'[core]\n\tfsmonitor = "{self.trap("included core.fsmonitor")}"\n']
        for key in _COMMANDS:
            section, _, rest = key.partition(".")
            middle, _, name = rest.rpartition(".")
            head = f'{section} "{middle}"' if middle else section
            mark = "!" if key.startswith(("submodule", "credential")) else ""
            lines.append(f'[{head}]\n\t{name} = "{mark}{self.trap(key)}"\n')
        lines += [f'[alias]\n\t{name} = "!{self.trap(f"alias {name}")}"\n' for name in _ALIASES]
        for key, value in _SETTINGS.items():
            section, _, rest = key.partition(".")
            middle, _, name = rest.rpartition(".")
            head = f'{section} "{middle}"' if middle else section
            lines.append(f'[{head}]\n\t{name} = "{value}"\n')
        url = url or f"ext::{self.trap('remote url')} %S"
        lines.append(f'[remote "origin"]\n\turl = "{url}"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n')
        included.write_text("".join(lines))
        self("config", "include.path", str(included))
        # These hold in the repository's own file alone.
        self("config", "core.repositoryFormatVersion", "1")
        self("config", "extensions.partialClone", "origin")
        conditional = self.folder.parent / "conditional"
        conditional.write_text(f'[core]\n\tfsmonitor = "{self.trap("conditional core.fsmonitor")}"\n')
        self("config", "includeIf.onbranch:main.path", str(conditional))
