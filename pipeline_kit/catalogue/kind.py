"""What the catalogue knows of one kind of failure."""

from dataclasses import dataclass

from pipeline_kit.errors import Exit


@dataclass(frozen=True, slots=True)
class Kind:
    """``title`` is one line without a full stop; ``text`` explains cause and ways out, in paragraphs."""

    exit: Exit
    title: str
    text: str
