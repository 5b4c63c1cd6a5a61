"""Known secrets, taken out of all text for people: logs, evidence, reports, what the record says in words, a failure.

A CI hides what it was told to mask in its own log alone; what lies in a file becomes an artifact as it is. So whatever
is masked is given to one ``Redactor``, and every file of text is written through it. Values that something else goes on
from stay as they are, in the record, in outputs and in JSON: with a digest or a name in which a secret happens to
stand, such as a password that is a branch's name, nothing could be done any more. No secret is put into one.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 4
_SHOWN = b"***"
# Go writes these in JSON by their numbers.
_OF_GO = {ord(each): f"\\u{ord(each):04x}" for each in "&<>"}
# What is not escaped in a URL: in any case; by encodeURIComponent and encodeURI; as Go's user, path and part of one.
_PLAIN_IN_URLS = ("", "/", "!'()*", ";/?:@&=+$,#!'()*", "$&+,;=", "$&+,/:;=@", "$&+:=@")


class Redactor:
    """Takes out what it was given, in each of the forms in which a program may print it: as it is, line by line,
    escaped for JSON or a URL, and in base64, also as a part of a longer text. Any thread may use it.

    Values of up to three characters stay: they hide nothing that can't be guessed, and would blot out half a log.
    """

    def __init__(self) -> None:
        self._forms: frozenset[bytes] = frozenset()
        self._lock = threading.Lock()

    def add(self, secret: str) -> None:
        """Take ``secret`` out from now on."""
        with self._lock:
            self._forms |= set(_forms(secret))

    def clean(self, content: bytes) -> bytes:
        """``content`` without the secrets."""
        pattern = self.pattern_in(content)
        return pattern.sub(_SHOWN, content) if pattern else content

    def text(self, text: str) -> str:
        """``text`` without the secrets."""
        return self.clean(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def pattern_in(self, content: bytes) -> re.Pattern[bytes] | None:
        """What finds the secrets, None if there are none in ``content``: most lines have none, and a search for each
        form by itself is many times faster than one pattern of all.
        """
        found = [form for form in self._forms if form in content]
        return re.compile(b"|".join(map(re.escape, sorted(found, key=len, reverse=True)))) if found else None

    def stream(self) -> Stream:
        """For what comes in pieces: a secret may lie across their borders."""
        return Stream(self)

    def unfinished(self, content: bytes) -> int:
        """How many bytes at the end of ``content`` may be the beginning of a secret whose rest is still to come."""
        longest = 0
        for form in () if content.endswith(b"\n") else self._forms:
            start = max(0, len(content) - len(form) + 1)
            while (start := content.find(form[:1], start)) >= 0:
                if form.startswith(content[start:]):
                    longest = max(longest, len(content) - start)
                    break
                start += 1
        return longest


class Stream:
    """One stream through a ``Redactor``. It holds back only what may be the beginning of a secret, never a whole line:
    no form of a secret has a line's end in it.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be written of all that came."""
        content = self._held + piece
        end = len(content) - self._redactor.unfinished(content)
        if pattern := self._redactor.pattern_in(content):
            for found in pattern.finditer(content):
                if found.start() < end < found.end():
                    end = found.start()
        self._held = content[end:]
        return pattern.sub(_SHOWN, content[:end]) if pattern else content[:end]

    def rest(self) -> bytes:
        """What was held back, at the end of the stream."""
        held, self._held = self._held, b""
        return self._redactor.clean(held)


def _forms(secret: str) -> Iterator[bytes]:
    lines = [line.strip() for line in re.split(r"[\r\n]+", secret)]
    for value in dict.fromkeys((secret, *lines)):
        if len(value) < SHORTEST:
            continue
        raw = value.encode("utf-8", "surrogateescape")
        if not re.search(r"[\r\n]", value):
            yield raw
        for escaped in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
            for form in (escaped, escaped.translate(_OF_GO), escaped.replace("/", r"\/")):
                yield form[1:-1].encode("utf-8", "surrogateescape")
        for url in (quote_plus(raw), *(quote(raw, safe=safe) for safe in _PLAIN_IN_URLS)):
            yield url.encode()
            yield re.sub("%..", lambda found: found[0].lower(), url).encode()
        yield from _in_base64(raw)


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """What base64 makes of ``raw`` inside of a longer text: it depends on where in three bytes it begins. The
    characters that come from the bytes around it too are left out.
    """
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(bytes(before) + raw)
            first = -(-before * 8 // 6)
            end = (before + len(raw)) * 8 // 6
            if end - first >= SHORTEST:
                yield coded[first:end]
