"""Where a file holds its version: found by the file's name, changed without touching another character.

Nothing here parses a format and writes it again. A candidate is replaced in the text, and the text is read before and
after: only the field that was meant may differ.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

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
_CHART_KEYS = ("version", "appVersion")
# The first matches only: a lock file has thousands, and the two that are meant come first.
_TRIED = 50


class FieldError(ValueError):
    """A sentence that says what is wrong with the file."""


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
    """A lock file's ``text`` with the version of the package of ``manifest``; as it is where it doesn't hold it."""
    if path.endswith(".json"):
        for where in (("version",), ("packages", "", "version")):
            if _at(_json(text), where) is not None:
                text = _replaced(text, _JSON, _json, where, version)
        return text
    read = _toml(manifest)
    name = _at(read, ("project", "name")) or _at(read, ("package", "name"))
    if not isinstance(name, str):
        return text
    if path.endswith("uv.lock"):
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
    if name == "package.json":
        return lambda text, version: _replaced(text, _JSON, _json, ("version",), version)
    if name.endswith(".py"):
        return lambda text, version: _put(text, _only(_PYTHON, text, '__version__ = "..."'), version)
    if name.lower() in ("version", "version.txt", ".version"):
        return lambda text, version: _put(text, _only(_PLAIN, text, "a version and nothing else"), version)
    raise FieldError("it is not known where a file of this name holds its version")


def _pyproject(text: str, version: str) -> str:
    read = _toml(text)
    for where in (("project", "version"), ("tool", "poetry", "version")):
        if _at(read, where) is not None:
            return _replaced(text, _TOML, _toml, where, version)
    if "version" in (_at(read, ("project", "dynamic")) or ()):
        raise FieldError("project.version is dynamic: another file holds it")
    raise FieldError("it has neither project.version nor tool.poetry.version")


def _cargo(text: str, version: str) -> str:
    read = _toml(text)
    for where in (("package", "version"), ("workspace", "package", "version")):
        if isinstance(_at(read, where), str):
            return _replaced(text, _TOML, _toml, where, version)
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
    try:
        compiled = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise FieldError(f"{pattern} is no regular expression: {error}") from error
    if compiled.groups != 1:
        raise FieldError(f"{pattern} has {compiled.groups} groups; the one group is the version")
    match = _only(compiled, text, pattern)
    if match.start(1) < 0:
        raise FieldError(f"the group of {pattern} takes no part in the match")
    return text[: match.start(1)] + version + text[match.end(1) :]


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
    except tomllib.TOMLDecodeError as error:
        raise FieldError(f"it is not TOML: {error}") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise FieldError(f"it is not JSON: {error}") from error
