"""Runs a daemon for as long as the run that wanted it: ``python -I keeper.py [--stay] COMMAND...``

Standard input is the leash: when the run ends, however it ends, the system closes it, and the daemon is stopped. With
``--stay`` nobody holds a leash. In a PID namespace of its own the keeper is the first process there: it collects
orphans, and whatever the daemon left behind ends with it. SIGHUP has it start the daemon again, SIGUSR1 as after a
crash: what the daemon started stays.
"""

import os
import select
import signal
import subprocess
import sys

_PATIENCE = 20.0  # seconds for the daemon to end after SIGTERM


def main(arguments: list[str]) -> int:
    """Run the command of ``arguments``; its exit code."""
    stays = arguments[0] == "--stay"
    wake, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    daemon = started(arguments[1:] if stays else arguments)
    watched = [wake] if stays else [wake, sys.stdin.fileno()]
    while True:
        ready, _, _ = select.select(watched, [], [])
        signals = os.read(wake, 512) if wake in ready else b""
        if signal.SIGHUP in signals or signal.SIGUSR1 in signals:
            if signal.SIGUSR1 in signals:
                daemon.kill()
            stopped(daemon)
            daemon = started(arguments[1:] if stays else arguments)
        if daemon.poll() is not None:
            return daemon.returncode
        if sys.stdin.fileno() in ready or signal.SIGTERM in signals or signal.SIGINT in signals:
            return stopped(daemon)
        collect_orphans(daemon.pid)


def started(command: list[str]) -> "subprocess.Popen[bytes]":
    """The daemon, as the leader of a group of its own."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


def stopped(daemon: "subprocess.Popen[bytes]") -> int:
    """Stop ``daemon``, its whole group if it does not want to; its exit code."""
    daemon.terminate()
    try:
        return daemon.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(daemon.pid, signal.SIGKILL)
        return daemon.wait()


def collect_orphans(daemon: int) -> None:
    """Collect processes that ended and were handed to us; ``daemon`` itself is left for who waits for it."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid == daemon:
            return
        os.waitpid(ended.si_pid, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
