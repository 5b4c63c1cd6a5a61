"""Failures of registry."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "address": Kind(
        Exit.USAGE,
        "The local registry can't listen at this address",
        """It takes an IP address of this machine, or localhost, and a port; port 0 is any that is free.

The local registry has no authentication, so by itself it listens at loopback addresses only, such as 127.0.0.1:5000. --allow-remote lets it listen at
an address that other machines reach: everyone there may then read, change and delete all images. For a registry that several machines share, use
Azure Container Registry, or a distribution or zot registry behind TLS and a login.""",
    ),
    "busy-port": Kind(
        Exit.TRY_LATER,
        "Another program listens at this port",
        """Perhaps a registry that still runs. Stop it, or take another port: --address 127.0.0.1:0 takes any that is free, and prints it.""",
    ),
    "busy": Kind(
        Exit.TRY_LATER,
        "Another registry serves this folder",
        """Two registries over one folder would change its tags without each other's knowledge, so the second one refuses. The lock goes with the process that
holds it, however that ends; there is no lock file to remove. Use the registry that runs, stop it, or take another folder.""",
    ),
    "folder": Kind(
        Exit.USAGE,
        "This folder can't hold a registry",
        """The local registry needs a folder that it can write to, on a file system with hard links, and that is its own: one with other files in it is
refused, so that nothing of yours is touched. Name an empty folder, or one that does not exist yet.""",
    ),
}
