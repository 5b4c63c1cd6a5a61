"""The addresses of versions at a changelog's end, moved on as the file has them: ``[Unreleased]`` starts at the new
release, and that one gets an address like those of the others. A file without such addresses gets none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pipeline_kit.render.changelog_parts import definitions

if TYPE_CHECKING:
    from pipeline_kit.render.changelog import Section
    from pipeline_kit.render.changelog_parts import Definition

# GitHub, GitLab, Gitea and others; two dots on Bitbucket, which has the newer one first.
_COMPARE = re.compile(r"(?P<start>.*/compare/)(?P<one>[^?#]+?)(?P<dots>\.{2,3})(?P<other>[^?#]+)(?P<rest>.*)")
_AZURE = re.compile(r"(?P<key>[?&](?:base|target)Version=G)(?P<kind>[TBC])(?P<ref>[^&#]*)")
_TAG = re.compile(
    r"(?P<start>.*(?:/releases/(?:tag/)?|/tags/|/tree/|/src/tag/|[?&]version=GT))(?P<tag>[^?#&]+)(?P<rest>.*)"
)
_NUMBERS = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class _Address:
    """A URL as texts with refs between them, one (a tag's page) or two (what changed). ``older`` is the index of the
    ref that the changes start from; ``mark`` says in front of a ref that it is a tag.
    """

    texts: tuple[str, ...]
    refs: tuple[str, ...]
    older: int = 0
    mark: str = ""

    @property
    def compares(self) -> bool:
        return len(self.refs) == 2

    def moved(self, older: str | None, newer: str | None) -> str:
        """The URL with these tags in the place of its refs; None leaves one as it is."""
        refs = list(self.refs)
        for index, tag in ((self.older, older), (1 - self.older, newer)):
            if tag is not None and self.compares:
                refs[index] = self._written(tag)
        if newer is not None and not self.compares:
            refs[0] = self._written(newer)
        return "".join(part for pair in zip(self.texts, (*refs, ""), strict=True) for part in pair)

    def _written(self, tag: str) -> str:
        as_they_are = "".join(mark for mark in "/@" if any(mark in ref for ref in self.refs))
        return self.mark + quote(tag, safe=as_they_are)


def addressed(lines: list[str], section: Section, newline: str) -> tuple[list[str], bool]:
    """The lines with the addresses that ``section`` needs, and whether its version has one."""
    found = definitions(lines)
    unreleased = next((one for one in found if one.label.lower() == "unreleased"), None)
    versions = [one for one in found if one.version]
    if not (unreleased or versions):
        return lines, False
    lines = list(lines)
    current = _of_unreleased(unreleased.url) if unreleased else None
    url = _url(section, current, versions)
    if not url and unreleased and section.links:
        url = section.links.release(section.tag, section.previous)
    if unreleased and current:
        lines[unreleased.index] = unreleased.to(current.moved(section.tag, None))
    if any(one.label == section.version for one in found):
        return lines, True
    if url:
        lines.insert(_place(unreleased, versions), f"[{section.version}]: {url}{newline}")
    return lines, bool(url)


def _url(section: Section, current: _Address | None, versions: list[Definition]) -> str:
    """The address of the new version, in the way of the newest one; '' where none is understood. Of a single version
    that has the page of its tag nothing follows: it had none before it to be compared with.
    """
    newest = next(iter(versions), None)
    for one in versions:
        newest = one if newest and newest.is_below(one) else newest
    like = _of_version(newest) if newest else None
    if current and (like is None or (not like.compares and len(versions) == 1)):
        like = current
    if like is None:
        return ""
    if like.compares and not section.previous:
        return current.moved(None, section.tag) if current else ""
    return like.moved(section.previous, section.tag)


def _place(unreleased: Definition | None, versions: list[Definition]) -> int:
    """The line of the new version's address: beside that of the newest one."""
    if not versions:
        return unreleased.index + 1 if unreleased else 0
    first, last = versions[0], versions[-1]
    below = unreleased is not None and unreleased.index > last.index
    if (len(versions) == 1 and below) or first.is_below(last):
        return last.index + 1
    return unreleased.index + 1 if unreleased and unreleased.index < first.index else first.index


def _of_version(definition: Definition) -> _Address | None:
    """The address of a version, None where it is not understood: the ref that has the version is the newer one."""
    version = definition.version
    address = _compared(definition.url)
    if address is None:
        found = _TAG.fullmatch(definition.url)
        if found is None or not unquote(found["tag"]).endswith(version):
            return None
        return _Address((found["start"], found["rest"]), (found["tag"],))
    ends = [unquote(ref).endswith(version) for ref in address.refs]
    if address.mark:
        return address if ends[1 - address.older] else None
    return replace(address, older=0 if ends[1] else 1) if any(ends) else None


def _of_unreleased(url: str) -> _Address | None:
    """The address of what is not released, None where it is not understood: a tag is older than a branch."""
    address = _compared(url)
    if address is None or address.mark:
        return address
    numbered = [bool(_NUMBERS.search(ref)) for ref in address.refs]
    if not any(numbered):
        numbered = [ref != "HEAD" for ref in address.refs]
    return replace(address, older=0 if numbered[0] else 1) if sum(numbered) == 1 else None


def _compared(url: str) -> _Address | None:
    """The address of a comparison, None for any other."""
    if found := _COMPARE.fullmatch(url):
        return _Address((found["start"], found["dots"], found["rest"]), (found["one"], found["other"]))
    pair = list(_AZURE.finditer(url))
    if [one["key"][1:] for one in pair] not in (
        ["baseVersion=G", "targetVersion=G"],
        ["targetVersion=G", "baseVersion=G"],
    ):
        return None
    one, other = pair
    texts = (url[: one.end("key")], url[one.end() : other.end("key")], url[other.end() :])
    refs = (one["kind"] + one["ref"], other["kind"] + other["ref"])
    return _Address(texts, refs, older=0 if one["key"][1:] == "baseVersion=G" else 1, mark="T")
