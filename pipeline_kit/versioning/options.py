"""From the options as people write them to the rules: every value is checked here, before anything is read.

Who asks for a check says where the value comes from: the option, the variable, or the place in the configuration.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Any

from msgspec import structs

from pipeline_kit.errors import Failure, alternative, fix, printable, why
from pipeline_kit.model import version
from pipeline_kit.model.rules import Rules
from pipeline_kit.versioning.channels import WORDS, is_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipeline_kit.model.version import Bump

_BUMPS: dict[str, Bump | None] = {"major": "major", "minor": "minor", "patch": "patch", "none": None}
# What git's own rules for the name of a ref leave, without what a tag of an image could not follow.
_PREFIX = r"(?![-./])(?!.*(?:\.\.|//|/\.|\.lock/))[A-Za-z0-9._/@+-]{0,100}"


def rules_of(packages: Mapping[str, tuple[str, str]], package: str, options: Mapping[str, Any]) -> Rules:
    """``packages`` are path and prefix by name; ``package`` is the one to count for, '' for the whole repository. The
    ``options`` are checked ones.
    """
    rules = Rules(
        prefix=options["prefix"],
        preset=options["preset"],
        bumps=tuple((kind, _BUMPS[bump]) for kind, bump in options["bumps"]),
        squash=options["squash"],
        channels=tuple(options["channels"]),
        zero=options["zero"],
        initial=options["initial"],
        path=options["path"],
        first_release=options["first_release"],
        fetch=options["fetch"],
    )
    return rules_of_package(rules, packages, package) if package else rules


def rules_of_package(rules: Rules, packages: Mapping[str, tuple[str, str]], package: str) -> Rules:
    """``rules`` as they are for one of the packages."""
    path, prefix, nested = _of_package(packages, package)
    return structs.replace(
        rules, package=package, path=path, prefix=_configured(package, "prefix", tag_prefix, prefix), nested=nested
    )


def folder(text: str) -> str:
    """A folder as git writes it, from the repository's top; '' for the top itself."""
    plain = posixpath.normpath(text.strip() or ".")
    if plain.startswith(("/", "../")) or plain == ".." or "\0" in plain:
        raise Failure(
            "config.usage",
            f"{printable(text)[:100]} is outside of the repository",
            why("A folder is given from the repository's top."),
        )
    return "" if plain == "." else plain


def tag_prefix(text: str) -> str:
    """What the name of a release tag can start with."""
    if not re.fullmatch(_PREFIX, text):
        raise Failure(
            "config.usage",
            f"{printable(text)[:100]} can't start the name of a tag",
            why("Letters, digits and . _ / @ + - can, with none of . / - in front."),
        )
    return text


def bump_pair(pair: tuple[str, str]) -> tuple[str, str]:
    """A type of commit, and what it asks for."""
    kind, bump = pair
    if bump.strip() not in _BUMPS:
        raise Failure(
            "config.usage",
            f"{printable(kind)[:50]}={printable(bump)[:50]} is not a bump",
            why(f"A type of commit asks for one of {', '.join(_BUMPS)}."),
        )
    return kind.strip().lower(), bump.strip()


def channel_pair(pair: tuple[str, str]) -> tuple[str, str]:
    """A branch or pattern, and what it makes."""
    branch, name = pair[0], pair[1].strip()
    shown = f"{printable(branch)[:50]}={printable(name)[:50]}"
    if not is_channel(name):
        raise Failure(
            "config.usage",
            f"{shown} is not a channel",
            why("A channel is stable, a word such as rc, a range such as 1.x or 1.5.x, maintenance, or +."),
        )
    if name not in WORDS and (meant := _misspelt(name)):
        raise Failure(
            "config.usage",
            f"{shown}: did you mean {meant}?",
            why("As it stands it would make pre-releases of that name."),
        )
    return branch, name


def initial_version(text: str) -> str:
    """The first stable version."""
    found = version.parse(text)
    if found is None or found.prerelease or found.build:
        raise Failure(
            "config.usage",
            f"{printable(text)[:50]} is not three numbers",
            why("The first stable version is meant, such as 0.1.0 or 1.0.0; the channel makes pre-releases of it."),
        )
    return str(found)


def no_packages() -> Failure:
    """There are none, and all were asked for."""
    return Failure(
        "version.package",
        "no packages are configured",
        why("A repository of several packages names them, each with its folder."),
        fix("pipeline-kit.yml:  packages: { web: { path: web } }"),
    )


def which_package(packages: Iterable[str]) -> Failure:
    """There are several, and none is named."""
    names = [printable(name)[:100] for name in packages]
    first = shlex.quote(names[0])
    return Failure(
        "bump.package",
        f"this repository has packages, and none is named: {', '.join(names[:20])}{', ...' if names[20:] else ''}",
        why("Each has releases of its own, and the repository as a whole has none."),
        fix(f"pipeline-kit bump --package {first}"),
        alternative("all that have something to release: pipeline-kit bump --all-packages"),
        alternative(f"in a run: pipeline-kit run --release --set version.package={first}"),
    )


def _of_package(packages: Mapping[str, tuple[str, str]], package: str) -> tuple[str, str, tuple[str, ...]]:
    """Its folder, the prefix of its tags, and the folders of other packages below its own."""
    if package not in packages:
        raise Failure(
            "version.package",
            f'there is no package "{printable(package)[:100]}"',
            why(f"The configuration has: {', '.join(packages) or 'none'}."),
            fix(f"pipeline-kit.yml:  packages: {{ {printable(package)[:100]}: {{ path: FOLDER }} }}"),
        )
    shown = printable(package)[:100]
    others = [name for name, (_, prefix) in packages.items() if prefix == packages[package][1] and name != package]
    if others:
        raise Failure(
            "version.package",
            f"{shown} and {printable(others[0])[:100]} have the same prefix",
            why("A release tag could be of either."),
            fix(f"pipeline-kit.yml:  packages: {{ {shown}: {{ prefix: {shown}-v }} }}"),
        )
    folders = {name: _configured(name, "path", folder, path) for name, (path, _) in packages.items()}
    own = folders[package]
    nested = {one for one in folders.values() if one != own and (not own or one.startswith(f"{own}/"))}
    return own, packages[package][1], tuple(sorted(nested))


def _configured(package: str, key: str, check: Callable[[str], str], text: str) -> str:
    """A package's value, which no option gives."""
    try:
        return check(text)
    except Failure as failure:
        failure.headline = f"packages.{printable(package)[:100]}.{key}: {failure.headline}"
        raise


def _misspelt(name: str) -> str:
    """The word of a channel that ``name`` was meant to be, '' for none: ``stabel``, but neither stage nor unstable."""
    alike = [word for word in WORDS if word[0] == name[0].lower() and abs(len(name) - len(word)) < 2]
    if not alike:
        return ""
    import difflib

    return next(iter(difflib.get_close_matches(name.lower(), alike, 1, 0.8)), "")
