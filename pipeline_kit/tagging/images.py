"""The names of the images that the tags are for."""

from __future__ import annotations

import msgspec

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.model.reference import Repository
from pipeline_kit.tagging import javascript
from pipeline_kit.tagging.lists import fields, shown


class Image(msgspec.Struct, frozen=True):
    """One image; one that is not enabled gets no tags."""

    name: str
    enable: bool = True


def parse(items: list[str], *, compat: bool = False) -> tuple[Image, ...]:
    """The images of those lines. A single line without ``=`` may list several names with commas between.

    Failure: ``tag.images``.
    """
    found = _plain(items) if len(items) == 1 else ()
    found = found or tuple(_image(item) for item in items)
    if not compat:
        for image in found:
            _check(image)
    return found


def names(images: tuple[Image, ...], *, compat: bool = False) -> tuple[str, ...]:
    """The names of those that are enabled, in small letters, each once; with ``compat`` as often as it is listed."""
    found = tuple(image.name.lower() for image in images if image.enable)
    return found if compat else tuple(dict.fromkeys(found))


def _plain(items: list[str]) -> tuple[Image, ...]:
    listed = fields(items[0])
    return () if any("=" in one for one in listed) else tuple(Image(javascript.trim(one)) for one in listed)


def _image(item: str) -> Image:
    name, enable = "", True
    for field in fields(item):
        parts = [javascript.trim(part) for part in field.split("=")]
        key = parts[0].lower()
        if len(parts) == 1 or key == "name":
            if name:
                raise _wrong(item, "it has two names", "Each line is one image.")
            name = parts[-1] if len(parts) == 1 else parts[1]
        elif key != "enable":
            raise _wrong(item, f"there is no {shown(key)}", "An image has a name, and enable=true or false.")
        elif parts[1] not in ("true", "false"):
            raise _wrong(
                item, f"{shown(parts[1]) or 'nothing'} is neither true nor false", "enable says whether it gets tags."
            )
        else:
            enable = parts[1] == "true"
    if not name:
        raise _wrong(item, "it has no name", "Each line is one image.")
    return Image(name, enable)


def _check(image: Image) -> None:
    try:
        Repository.parse(image.name.lower())
    except ValueError as error:
        raise _wrong(image.name, "it is no name of an image", f"{error}.") from error


def _wrong(item: str, what: str, reason: str) -> Failure:
    return Failure(
        "tag.images", f"images, {shown(item)}: {what}", why(reason), fix("contosoreg.azurecr.io/shop/web, one a line")
    )
