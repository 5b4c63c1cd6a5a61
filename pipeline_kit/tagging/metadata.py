"""Labels, annotations, JSON and Bake files: what later steps of a workflow take from ``tag``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.tagging import javascript, moment, template, variables
from pipeline_kit.tagging.lists import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.tagging.facts import Facts

_LABEL = "org.opencontainers.image."


class Metadata(msgspec.Struct, frozen=True):
    """``names`` are the tags' names, ``images`` the images that they are for; ``labels`` and ``annotations`` are sorted
    by their key; ``levels`` say what the annotations stand on. ``whole`` keeps every line of a label's value in JSON.
    """

    version: str
    names: tuple[str, ...]
    images: tuple[str, ...]
    labels: dict[str, str]
    annotations: dict[str, str]
    levels: tuple[str, ...] = ("manifest",)
    bake_target: str = "docker-metadata-action"
    whole: bool = True

    @property
    def tags(self) -> tuple[str, ...]:
        """The names behind each image; the names alone where there is no image."""
        if not self.images:
            return self.names
        return tuple(f"{image}:{name}" if image else name for image in self.images for name in self.names)

    @property
    def leveled(self) -> tuple[str, ...]:
        """The annotations as ``docker buildx build --annotation`` takes them."""
        return self._on(self.levels)

    def json(self) -> dict[str, Any]:
        """Everything but the version, as the output ``json`` has it."""
        return {
            "tags": list(self.tags),
            "tag-names": list(self.names),
            "labels": self._label_object(),
            "annotations": list(self.leveled),
        }

    def bake_files(self) -> dict[str, dict[str, Any]]:
        """The definitions for ``docker buildx bake``, by the name of their output."""
        arguments = {"DOCKER_META_IMAGES": ",".join(self.images)}
        arguments |= {"DOCKER_META_VERSION": self.version} if self.version else {}
        tags: dict[str, Any] = {"tags": list(self.tags)}
        labels: dict[str, Any] = {"labels": self._label_object()}
        # docker/metadata-action keeps no more of the levels: it splits a text of its own at each colon.
        levels = ",".join(self.levels).partition(":")[0].split(",")
        found = {
            "bake-file-tags": {**tags, "args": arguments},
            "bake-file-labels": labels,
            "bake-file-annotations": {"annotations": list(self._on(levels))},
            "bake-file": {**tags, **labels, "args": arguments},
        }
        return {name: {"target": {self.bake_target: target}} for name, target in found.items()}

    def _on(self, levels: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"{level}:{key}={value}" for level in levels for key, value in self.annotations.items())

    def _label_object(self) -> dict[str, str]:
        found = self.labels
        if not self.whole:
            # A text can't become the prototype of an object of JavaScript, so it is lost there.
            found = {key: _first_line(value) for key, value in found.items() if key != "__proto__"}
        # JavaScript's objects have keys that are numbers first.
        numbers = sorted((key for key in found if _is_index(key)), key=int)
        return {key: found[key] for key in (*numbers, *(key for key in found if key not in set(numbers)))}


def labels(facts: Facts, version: str, extra: Iterable[str] = (), *, compat: bool = False) -> dict[str, str]:
    """The labels of the OCI image specification, and ``extra`` ones as KEY=VALUE templates, which win; sorted by key.

    Without ``compat`` they follow from the commit alone: an event's own words would give the same commit another image
    on each CI. What is not known is left out then.

    Failure: ``tag.label`` for one that is no KEY=VALUE; ``tag.template``.
    """
    repository = facts.repository
    own = {
        "title": repository.name,
        "description": repository.description,
        "url": repository.url,
        "source": repository.url,
        "version": version,
        "created": moment.iso(facts.created, thousandths=compat),
        "revision": facts.sha,
        "licenses": repository.license,
    }
    found = {_LABEL + key: value for key, value in own.items() if value or compat}
    known = variables.general(facts, compat=compat)
    for line in extra:
        text = template.render(template.parse(line), known, compat=compat)
        key, equals, value = text.partition("=")
        if equals and (key or compat):
            found[key] = value
        elif not compat:
            raise Failure(
                "tag.label",
                f"{shown(line)} is no KEY=VALUE",
                why("A label has a key and a value, which may be empty."),
                fix("org.opencontainers.image.vendor=Contoso"),
            )
    return dict(sorted(found.items(), key=lambda pair: javascript.sort_key(pair[0])))


def compact(value: object) -> str:
    """``value`` as JSON on one line, without white space."""
    return msgspec.json.encode(value).decode()


def indented(value: object) -> str:
    """``value`` as JSON on several lines."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _first_line(value: str) -> str:
    for end in ("\n", "\r", "\u2028", "\u2029"):
        value = value.partition(end)[0]
    return value


def _is_index(key: str) -> bool:
    return key == "0" or (key.isascii() and key.isdecimal() and not key.startswith("0") and int(key[:11]) < 2**32 - 1)
