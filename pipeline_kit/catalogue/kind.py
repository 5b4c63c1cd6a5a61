"""What the catalogue knows of one kind of failure."""

import msgspec

from pipeline_kit.errors import Exit


class Kind(msgspec.Struct, frozen=True):
    """``title`` is one line without a full stop; ``text`` explains cause and ways out, in paragraphs."""

    exit: Exit
    title: str
    text: str
