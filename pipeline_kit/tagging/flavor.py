"""The flavor of all tags: a prefix, a suffix, and what becomes of ``latest``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import msgspec

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.tagging import javascript, template
from pipeline_kit.tagging.lists import fields, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.tagging.template import Variables

Latest = Literal["auto", "true", "false"]
_EXAMPLE = fix("latest=auto, or prefix=dev-,onlatest=true, or suffix=-alpine,onlatest=true")


class Flavor(msgspec.Struct, frozen=True):
    """``prefix`` and ``suffix`` go around each tag, and around ``latest`` only if the second value says so."""

    latest: Latest = "auto"
    prefix: str = ""
    prefix_latest: bool = False
    suffix: str = ""
    suffix_latest: bool = False

    @property
    def latest_name(self) -> str:
        """``latest`` with the prefix and the suffix that go around it."""
        return f"{self.prefix if self.prefix_latest else ''}latest{self.suffix if self.suffix_latest else ''}"

    def filled(self, known: Variables) -> Flavor:
        """The flavor with its templates filled in."""
        prefix, suffix = (template.render(template.parse(text), known) for text in (self.prefix, self.suffix))
        return msgspec.structs.replace(self, prefix=prefix, suffix=suffix)


def parse(items: Iterable[str]) -> Flavor:
    """The flavor of those lines; a later word wins over an earlier one.

    Failure: ``tag.flavor``.
    """
    found = Flavor()
    for item in items:
        side = ""
        for field in fields(item):
            parts = [javascript.trim(part) for part in field.split("=")]
            if len(parts) == 1:
                raise _wrong(item, "it is no NAME=VALUE", "A flavor is one of latest, prefix, suffix.")
            name, value = parts[0].lower(), parts[1]
            if name in ("prefix", "suffix"):
                side = name
                found = msgspec.structs.replace(found, **{name: value})
            elif name == "latest":
                found = msgspec.structs.replace(found, latest=_latest(item, value))
            elif name == "onlatest":
                if value not in ("true", "false"):
                    raise _wrong(
                        item,
                        f"{shown(value) or 'nothing'} is neither true nor false",
                        "onlatest says whether latest has it too.",
                    )
                if side:
                    found = msgspec.structs.replace(found, **{f"{side}_latest": value == "true"})
            else:
                raise _wrong(item, f"there is no {shown(name)}", "A flavor is one of latest, prefix, suffix.")
    return found


def _latest(item: str, value: str) -> Latest:
    if value not in ("auto", "true", "false"):
        raise _wrong(
            item,
            f"{shown(value) or 'nothing'} is not auto, true or false",
            "latest says whether a tag moves latest along.",
        )
    return cast("Latest", value)


def _wrong(item: str, what: str, reason: str) -> Failure:
    return Failure("tag.flavor", f"flavor, {shown(item)}: {what}", why(reason), _EXAMPLE)
