"""``python -m pipeline_kit`` and the ``pipeline-kit`` command."""

import gc
import signal
import sys

from pipeline_kit import __version__


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:  # scripts ask this often, and it needs nothing else
        sys.stdout.write(f"pipeline-kit {__version__}\n")
        return
    # What is imported stays until the end: looking through it for garbage, again and again and once more at the exit,
    # would take a fifth of a short command's time.
    gc.set_threshold(50_000)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Ctrl-C in the middle of the imports: nothing has begun, and a traceback would help nobody.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pipeline_kit.cli import run

    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
