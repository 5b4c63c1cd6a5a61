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
    "down": Kind(
        Exit.TRY_LATER,
        "The registry can't be reached",
        """No connection came about, or it broke again and again until the time was over: 15 s for the first contact, 5 minutes later on. Check the name of the registry and the proxy (HTTPS_PROXY, NO_PROXY); otherwise try again later. Plain HTTP is used for registries on this machine only.""",
    ),
    "slow": Kind(
        Exit.TRY_LATER,
        "The registry answers too slowly",
        """It answers, but the time of the step is over: 15 s for the first contact, and ten minutes in which nothing got on. What counts as getting on is bytes of the image, a megabyte at a time, not answers: a registry that takes a minute for each, or sends a byte now and then, would otherwise hold the job for ever. The message says what was waited for. What was uploaded is not uploaded again.""",
    ),
    "proxy": Kind(
        Exit.BROKE,
        "The proxy does not let the request through",
        """HTTPS_PROXY or HTTP_PROXY names a proxy, and it refused. 407 asks for a user and a password: write them into the address of the proxy, http://USER:PASSWORD@HOST:PORT, with special characters percent-encoded. 403 is a rule of the proxy. NO_PROXY names hosts that are asked without it.""",
    ),
    "tls": Kind(
        Exit.BROKE,
        "The registry's certificate is not trusted",
        """The certificate is signed by nobody this machine trusts, belongs to another name, or has expired; or the registry does not speak TLS. Have the registry's certificate corrected, or set REQUESTS_CA_BUNDLE to the file of your own certificate authority. There is no switch to trust everybody.""",
    ),
    "unauthorized": Kind(
        Exit.BROKE,
        "The registry does not accept the credentials",
        """The message says where the credentials come from. They may have expired, belong to another registry, or not be there at all. They are looked for in PIPELINE_KIT_REGISTRY_USERNAME and PIPELINE_KIT_REGISTRY_PASSWORD, in Docker's config.json with its credential helpers, and in Podman's auth.json.""",
    ),
    "denied": Kind(
        Exit.BROKE,
        "The registry knows us and does not allow it",
        """Who we are was accepted, but has no right to do this in this repository. On Azure Container Registry, AcrPush allows it where permissions are per registry, Container Registry Repository Writer where they are per repository; a new role takes some minutes to arrive. On GitHub's registry the workflow needs packages: write.""",
    ),
    "firewall": Kind(
        Exit.BROKE,
        "The registry does not let this address in",
        """The registry takes requests from listed addresses only. Add the address that the message names, or run where the registry can be reached, such as on an agent in its own network.""",
    ),
    "missing": Kind(
        Exit.BROKE,
        "The registry has no such repository or image",
        """It is not there, or we may not see it: registries answer both alike. Check the name; some registries want a repository to be created before the first push.""",
    ),
    "throttled": Kind(
        Exit.TRY_LATER,
        "The registry asks for fewer requests",
        """It was waited as long as the registry asked for, until the time was over. Try again later. Larger tiers of a registry allow more requests; signing in raises the limit of public ones.""",
    ),
    "broke": Kind(
        Exit.TRY_LATER,
        "The registry answers with errors of its own",
        """Each request was tried again for five minutes. Look at the registry's status page and try again later; what was uploaded is not uploaded again.""",
    ),
    "lied": Kind(
        Exit.BROKE,
        "The registry contradicts itself",
        """What it gives or confirms has another digest than what was asked for: a fault of the registry, or of something between it and us. Nothing that follows would be worth anything, so the run stops. Find out what changes the bytes: a proxy, a mirror, a plugin.""",
    ),
    "blobs-unknown": Kind(
        Exit.BROKE,
        "The registry has lost blobs that it said it has",
        """Registries remember for a while that a blob is there, and garbage collection does not tell them. The blobs were uploaded again and the manifest was still refused. Do not collect garbage while images are pushed; restart a registry after it.""",
    ),
    "locked": Kind(
        Exit.BROKE,
        "The registry has locked it",
        """The tag, the manifest or the repository may not be written: locked by somebody, made immutable by a rule, or deletion is switched off. On Azure: az acr repository show --name REGISTRY --image REPOSITORY:TAG shows writeEnabled and deleteEnabled.""",
    ),
    "quota": Kind(
        Exit.BROKE,
        "The registry has no room left",
        """Delete images that nobody needs, or raise the limit. Unlisted manifests take room too.""",
    ),
    "too-large": Kind(
        Exit.BROKE,
        "The registry finds the request too large",
        """Mostly a proxy in front of the registry that limits the size of a request. Raise that limit, or make smaller layers.""",
    ),
    "unexpected": Kind(
        Exit.BROKE,
        "This is not how a registry answers",
        """Perhaps it is no registry but a web site, a sign-in page of a network, or a proxy. Open https://REGISTRY/v2/ in a browser: a registry answers {} or asks for a sign-in.""",
    ),
}
