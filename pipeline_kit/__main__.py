"""``python -m pipeline_kit`` and the ``pipeline-kit`` command."""

import sys

from pipeline_kit import __version__


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:  # scripts ask this often, and it needs nothing else
        sys.stdout.write(f"pipeline-kit {__version__}\n")
        return
    from pipeline_kit.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
