"""Write every generated file; with ``--check`` only say which ones are not as they should be."""

import sys

from pipeline_kit.generate.files import outdated, write_all


def main() -> int:
    """The exit code: 1 where ``--check`` finds a difference."""
    if "--check" in sys.argv[1:]:
        found = outdated()
        sys.stdout.write("".join(f"{path} is not as python -m pipeline_kit.generate writes it\n" for path in found))
        return bool(found)
    write_all()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
