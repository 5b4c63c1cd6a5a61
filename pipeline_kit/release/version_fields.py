"""Where a file holds its version: found by the file's name, changed without touching another character.

Nothing here parses a format and writes it again. A candidate is replaced in the text, and the text is read before and
after: only the field that was meant may differ.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pipeline_kit.release import xml_fields
from pipeline_kit.release.field_error import FieldError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TOML = re.compile(r"""\bversion\s*=\s*(?P<quote>["'])(?P<version>[^"'\r\n]*)(?P=quote)""")
_JSON = re.compile(r'"version"\s*:\s*"(?P<version>[^"\r\n]*)"')
_CHART = re.compile(
    r"""^(?P<key>version|appVersion)[ \t]*:[ \t]*(?P<quote>["']?)(?P<version>[^"'\s#]+)(?P=quote)[ \t]*(?:#.*)?\r?$""",
    re.MULTILINE,
)
_PYTHON = re.compile(
    r"""^__version__(?:[ \t]*:[ \t]*[\w.]+)?[ \t]*=[ \t]*(?P<quote>["'])(?P<version>[^"'\r\n]*)(?P=quote)""",
    re.MULTILINE,
)
_PLAIN = re.compile(r"\A\s*(?P<version>\S+)\s*\Z")
_LOCKS = {
    "package-lock.json": "package.json",
    "npm-shrinkwrap.json": "package.json",
    "Cargo.lock": "Cargo.toml",
    "uv.lock": "pyproject.toml",
}
_CHANGELOGS = ("changelog.md", "changes.md", "history.md", "news.md")
_CHART_KEYS = ("version", "appVersion")
# The first matches only: a lock file has thousands, and the two that are meant come first.
_TRIED = 50


def updated(path: str, key: str, text: str, version: str) -> str:
    """``text`` of the file at ``path`` with ``version`` where it holds one; ``key`` is what stands behind the path: a
    field of Chart.yaml, or a pattern with one group.
    """
    name = PurePosixPath(path).name
    if name in ("Chart.yaml", "Chart.yml") and key in ("", *_CHART_KEYS):
        return _chart(text, key, version)
    if key:
        return _by_pattern(text, key, version)
    return _editor(name)(text, version)


def locks_of(path: str) -> tuple[str, ...]:
    """The lock files that repeat the version of the file at ``path``, and lie beside it where there are any."""
    beside = {
        "package.json": ("package-lock.json", "npm-shrinkwrap.json"),
        "Cargo.toml": ("Cargo.lock",),
        "pyproject.toml": ("uv.lock",),
    }
    return tuple(str(PurePosixPath(path).with_name(name)) for name in beside.get(PurePosixPath(path).name, ()))


def updated_lock(path: str, text: str, manifest: str, version: str) -> str:
    """The ``text`` of npm's or uv's lock file with the version of the package of ``manifest``; as it is where it
    doesn't hold it.
    """
    if path.endswith(".json"):
        for where in (("version",), ("packages", "", "version")):
            if _at(_json(text), where) is not None:
                text = _replaced(text, _JSON, _json, where, version)
        return text
    name = _at(_toml(manifest), ("project", "name"))
    if not isinstance(name, str):
        return text
    name = re.sub(r"[-_.]+", "-", name).lower()
    entry = re.compile(
        rf'^\[\[package\]\]\r?\nname = "{re.escape(name)}"\r?\nversion = "(?P<version>[^"\r\n]*)"', re.MULTILINE
    )
    found = list(entry.finditer(text))
    return _put(text, found[0], version) if len(found) == 1 else text


def _editor(name: str) -> Callable[[str, str], str]:
    if name == "pyproject.toml":
        return _pyproject
    if name == "Cargo.toml":
        return _cargo
    if name == "lerna.json":
        return _lerna
    if xml_fields.is_project(name):
        return lambda text, version: xml_fields.with_version(name, text, version)
    if name in ("package.json", "composer.json"):
        return lambda text, version: _replaced(text, _JSON, _json, ("version",), version)
    if name.endswith(".py"):
        return lambda text, version: _put(text, _only(_PYTHON, text, '__version__ = "..."'), version)
    if name.lower() in ("version", "version.txt", ".version"):
        return _whole
    if name in _LOCKS:
        raise FieldError(
            f"{name} goes along by itself: it is written together with the {_LOCKS[name]} beside it",
            f"name {_LOCKS[name]} in its place",
        )
    if name.lower() in _CHANGELOGS:
        raise FieldError("a changelog holds more than one version", f"as the changelog: --changelog {name}")
    raise FieldError("it is not known where a file of this name holds its version")


def _lerna(text: str, version: str) -> str:
    if _at(_json(text), ("version",)) == "independent":
        raise FieldError(
            "its packages have versions of their own (independent)",
            "name each package's package.json, under packages in pipeline-kit.yml",
        )
    return _replaced(text, _JSON, _json, ("version",), version)


def _whole(text: str, version: str) -> str:
    if found := _PLAIN.match(text):
        return _put(text, found, version)
    held = f"{len(text.split())} words" if text.strip() else "nothing"
    raise FieldError(f"a file of this name holds one version and nothing else, and this one holds {held}")


def _pyproject(text: str, version: str) -> str:
    read = _toml(text)
    for where in (("project", "version"), ("tool", "poetry", "version")):
        if _at(read, where) is not None:
            return _replaced(text, _TOML, _toml, where, version)
    if "version" in (_at(read, ("project", "dynamic")) or ()):
        raise FieldError(
            "project.version is dynamic: it is made when the package is built",
            "by setuptools-scm or hatch-vcs, from the tag: leave it away, there is nothing to write",
            "from a file: name that one, such as src/NAME/__init__.py with its __version__, or VERSION",
        )
    raise FieldError("it has neither project.version nor tool.poetry.version")


def _cargo(text: str, version: str) -> str:
    read = _toml(text)
    for where in (("package", "version"), ("workspace", "package", "version")):
        if isinstance(_at(read, where), str):
            return _replaced(text, _TOML, _toml, where, version)
    if _at(read, ("package", "version", "workspace")) is True:
        raise FieldError("its version is the workspace's, which another file holds")
    raise FieldError("it has neither package.version nor workspace.package.version")


def _chart(text: str, key: str, version: str) -> str:
    found = [match for match in _CHART.finditer(text) if key in ("", match["key"])]
    keys = [match["key"] for match in found]
    if not keys or len(keys) != len(set(keys)):
        raise FieldError(f"it has {len(keys) or 'no'} {key or 'version or appVersion'} at its top level")
    for match in reversed(found):
        text = _put(text, match, version)
    return text


def _by_pattern(text: str, pattern: str, version: str) -> str:
    """``text`` with the version in the one group of a person's own ``pattern``. RE2 reads it, in linear time whatever
    it says: what that lacks (look-around, back-references) is refused in its own words.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    content = text.encode("utf-8", "surrogateescape")
    try:
        compiled = re2.compile(f"(?m){pattern}".encode("utf-8", "surrogateescape"), options)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise FieldError(f"{pattern} is no regular expression of RE2: {said}") from error
    if compiled.groups != 1:
        raise FieldError(f"{pattern} has {compiled.groups} groups; the one group is the version")
    spans = [(match.start(), *match.span(1)) for match in islice(compiled.finditer(content), _TRIED)]
    if len(spans) != 1:
        lines = ", ".join(str(content.count(b"\n", 0, at) + 1) for at, *_ in spans[:5])
        raise FieldError(
            f"{pattern} is there {len(spans)} times: lines {lines}" if spans else f"{pattern} is not there"
        )
    _, start, end = spans[0]
    if start < 0:
        raise FieldError(f"the group of {pattern} takes no part in the match")
    return (content[:start] + version.encode() + content[end:]).decode("utf-8", "surrogateescape")


def _only(pattern: re.Pattern[str], text: str, wanted: str) -> re.Match[str]:
    found = list(pattern.finditer(text))
    if len(found) != 1:
        lines = ", ".join(str(text.count("\n", 0, match.start()) + 1) for match in found[:5])
        raise FieldError(f"{wanted} is there {len(found)} times: lines {lines}" if found else f"{wanted} is not there")
    return found[0]


def _replaced(
    text: str, pattern: re.Pattern[str], read: Callable[[str], Any], where: tuple[str, ...], version: str
) -> str:
    """``text`` with the one candidate replaced that changes the field ``where``, and that field alone."""
    before = read(text)
    if _at(before, where) is None:
        raise FieldError(f"it has no {'.'.join(where)}")
    wanted = copy.deepcopy(before)
    holder = wanted
    for key in where[:-1]:
        holder = holder[key]
    current = holder[where[-1]]
    holder[where[-1]] = version
    for match in _candidates(pattern.finditer(text), str(current)):
        changed = _put(text, match, version)
        if read(changed) == wanted:
            return changed
    raise FieldError(f"{'.'.join(where)} can't be found in the text")


def _candidates(found: Iterable[re.Match[str]], current: str) -> list[re.Match[str]]:
    return [match for match in found if match["version"] == current][:_TRIED]


def _put(text: str, match: re.Match[str], version: str) -> str:
    # A v in front is the file's own habit.
    start = match.start("version") + (re.match(r"v\d", match["version"]) is not None)
    return text[:start] + version + text[match.end("version") :]


def _at(value: Any, where: tuple[str, ...]) -> Any:
    for key in where:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FieldError(f"it is not TOML: {error}") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise FieldError(f"it is not JSON: {error}") from error
