"""Put the example files into the pages that show them; with ``--check`` only say which pages are not up to date.

A page has ``<!-- file: PATH -->`` and a fenced block below it.
"""

import re
import sys
from pathlib import Path

_TOP = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"(<!-- file: (?P<path>\S+) -->\n```(?P<kind>\w+)\n)(?P<text>.*?)(```\n)", re.DOTALL)


def pages() -> list[Path]:
    """The pages of the documentation."""
    return [_TOP / "README.md", *sorted((_TOP / "docs").glob("*.md"))]


def included(page: str) -> str:
    """The page with each block as its file is."""
    return _BLOCK.sub(lambda found: f"{found[1]}{(_TOP / found['path']).read_text(encoding='utf-8')}{found[5]}", page)


def main() -> int:
    """The exit code: 1 where ``--check`` finds a difference."""
    stale = [page for page in pages() if included(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")]
    if "--check" in sys.argv[1:]:
        sys.stdout.write("".join(f"{page.relative_to(_TOP)}: run scripts/include_examples.py\n" for page in stale))
        return bool(stale)
    for page in stale:
        page.write_text(included(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
