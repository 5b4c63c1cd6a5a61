"""``python -m pipeline_kit`` and the ``pipeline-kit`` command."""

import gc
import sys

from pipeline_kit import __version__


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:  # scripts ask this often, and it needs nothing else
        sys.stdout.write(f"pipeline-kit {__version__}\n")
        return
    # What is imported stays: looking through it again and again would take a twentieth of a short command's time.
    gc.set_threshold(50_000)
    from pipeline_kit.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
