"""``pipeline-kit registry``: a registry on this machine."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("registry", epilog="\b\nExamples:\n  pipeline-kit registry serve ~/registry")
def command() -> None:
    """A registry on this machine."""


@command.command(
    "serve",
    epilog="""\b
Examples:
  pipeline-kit registry serve ~/registry
  pipeline-kit registry serve ~/registry --address 127.0.0.1:0    any free port; it is printed
  docker push 127.0.0.1:5000/shop/web:1.5.0                       Docker needs no setting for it

\b
For more than one machine: Azure Container Registry, or a distribution or zot
registry behind TLS and a login.""",
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--address", default="127.0.0.1:5000", show_default=True, metavar="HOST:PORT", help="Where to listen.")
@click.option("--allow-remote", is_flag=True, help="Listen at an address that other machines reach.")
@click.option(
    "--durable/--not-durable",
    default=True,
    show_default=True,
    help="Answer when the disk has it. Without, a power cut can lose what was pushed.",
)
@click.option("--verbose", is_flag=True, help="One line a request on standard error.")
def serve(*, folder: Path, address: str, allow_remote: bool, durable: bool, verbose: bool) -> None:
    """Serve FOLDER as an OCI registry, until Ctrl-C. Its address is printed once it listens.

    It is for one machine: whoever reaches it may read, change and delete everything, since it has no
    authentication and no TLS. FOLDER is made if it is missing; a second registry can't serve it at the same time.
    """
    from pipeline_kit.oci.server import serve as server

    server.serve(
        folder,
        address,
        allow_remote=allow_remote,
        durable=durable,
        announce=click.echo,
        log=_log if verbose else _ignore,
    )


def _log(line: str) -> None:
    click.echo(line, err=True)


def _ignore(line: str) -> None:
    """Without --verbose nothing is said."""
