"""Byte ranges: those that a client wants of a blob, and those that it sends of one."""

from __future__ import annotations

import re
from http import HTTPStatus

from pipeline_kit.oci.server.messages import ApiError

_WANTED = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
# The specification's form has no unit; some clients write HTTP's.
_SENT = re.compile(r"(?:bytes[ =])?([0-9]{1,18})-([0-9]{1,18})(?:/(?:[0-9]{1,18}|\*))?\Z")


def wanted(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for of ``size``; None for all of them: without a header, or with several
    ranges in it. ApiError if there is no such byte.
    """
    found = _WANTED.match(header.replace(" ", ""))
    if not found or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        asked = range(max(size - int(last), 0), size)
    else:
        asked = range(int(first), min(int(last) + 1, size) if last else size)
    if not asked:
        raise ApiError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "RANGE_INVALID",
            f"the blob has {size} bytes",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return asked


def sent(header: str) -> range | None:
    """The bytes that a Content-Range header announces; None without one. ApiError if it is none."""
    if not header:
        return None
    found = _SENT.match(header)
    if not found or int(found[1]) > int(found[2]):
        raise ApiError(HTTPStatus.BAD_REQUEST, "BLOB_UPLOAD_INVALID", f"{header!r} is not a range such as 0-1023")
    return range(int(found[1]), int(found[2]) + 1)
