"""``python -m pipeline_kit`` and the ``pipeline-kit`` command."""

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from pipeline_kit.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
