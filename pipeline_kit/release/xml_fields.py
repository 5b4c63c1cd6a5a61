"""The version of a Maven or MSBuild project: found by walking over the tags, and not another character changes.

No XML parser is asked: it would not say where a text stands, and a file with entities of its own is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.release.field_error import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|(?P<doctype><!DOCTYPE)"""
    r"""|<(?P<end>/?)(?P<name>[^\s/<>!?"'=]+)(?:"[^"]*"|'[^']*'|[^<>"'/]|/(?!>))*(?P<empty>/?)>""",
    re.DOTALL,
)
_PROJECTS = (".csproj", ".fsproj", ".vbproj")
# No project is; each end of an element costs as much as it is deep.
_DEEPEST = 256
_MSBUILD = ("Version", "VersionPrefix")


def is_project(name: str) -> bool:
    """Whether a file of this name is a project of Maven or MSBuild."""
    return name in ("pom.xml", "Directory.Build.props") or name.endswith(_PROJECTS)


def with_version(name: str, text: str, version: str) -> str:
    """The project's text with ``version``: in Maven's its own, not its parent's nor a dependency's; in MSBuild's
    ``Version``, else ``VersionPrefix``.
    """
    fields = list(_fields(text))
    wanted: list[tuple[str, ...]]
    if name == "pom.xml":
        wanted, none = [("project", "version")], "the project has no version of its own; its parent's is another file's"
    else:
        wanted = [("Project", "PropertyGroup", one) for one in _MSBUILD]
        none = f"it has neither {' nor '.join(_MSBUILD)}"
    for where in wanted:
        spans = [span for path, span in fields if path == where]
        if len(spans) > 1:
            lines = ", ".join(str(text.count("\n", 0, start) + 1) for start, _ in spans[:5])
            raise FieldError(f"{where[-1]} is there {len(spans)} times: lines {lines}")
        if spans:
            return _put(text, spans[0], where[-1], version)
    raise FieldError(none)


def _put(text: str, span: tuple[int, int], name: str, version: str) -> str:
    held = text[slice(*span)]
    current = held.strip()
    if not re.fullmatch(r"[^\s<>&$]+", current):
        raise FieldError(f"{name} is no version as it stands, but {current[:50] or 'empty'}")
    start = span[0] + held.index(current)
    return text[:start] + version + text[start + len(current) :]


def _fields(text: str) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """Each element that ends, with its path, and where what it holds begins and ends."""
    stack: list[tuple[str, int]] = []
    at = 0
    while (at := text.find("<", at)) >= 0:
        token = _TOKEN.match(text, at)
        if token is None or token["doctype"]:
            raise FieldError("it has a document type" if token else "it is not XML: a tag doesn't end")
        at = token.end()
        if not token["name"] or token["empty"]:
            continue
        if not token["end"]:
            if len(stack) == _DEEPEST:
                raise FieldError(f"its elements are nested deeper than {_DEEPEST}")
            stack.append((token["name"], token.end()))
            continue
        if not stack or stack[-1][0] != token["name"]:
            raise FieldError(f"it is not XML: {token['name']} ends where it doesn't begin")
        yield tuple(name for name, _ in stack), (stack[-1][1], token.start())
        stack.pop()
    if stack:
        raise FieldError(f"it is not XML: {stack[-1][0]} doesn't end")
