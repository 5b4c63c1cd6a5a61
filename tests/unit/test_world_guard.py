"""What keeps unit tests inside this process and this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest


def test_a_unit_test_can_start_no_process() -> None:
    with pytest.raises(RuntimeError, match="starts a process"):
        subprocess.Popen([sys.executable, "--version"])


def test_a_unit_test_can_not_fork() -> None:
    with pytest.raises(RuntimeError, match="starts a process"):
        os.fork()


@pytest.mark.parametrize("address", ["192.0.2.1", "::ffff:192.0.2.1", "example.com"])
def test_a_unit_test_reaches_no_other_machine(address: str) -> None:
    with pytest.raises(RuntimeError, match=r"move it to tests/contract"):
        socket.create_connection((address, 80))


def test_a_unit_test_reaches_no_daemon_of_this_machine() -> None:
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(RuntimeError, match="reaches out"):
        client.connect("/var/run/docker.sock")


def test_a_unit_test_may_use_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
