"""Failures of login."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "half": Kind(
        Exit.USAGE,
        "A user name without a password, or the other way round",
        """PIPELINE_KIT_REGISTRY_USERNAME and PIPELINE_KIT_REGISTRY_PASSWORD belong together. Set both, or none and sign in with docker login. In a CI an unset secret is an empty variable: a pull request from a fork gets no secrets.""",
    ),
    "realm": Kind(
        Exit.BROKE,
        "The registry sends us to a strange host to sign in",
        """A registry names the service that gives out its tokens, and whoever signs in there shows his credentials. They are shown only to the registry's own host, to hosts of the same domain, and to the token service that is known to belong to it. Anything else could be somebody who wants the password.""",
    ),
    "docker-config": Kind(
        Exit.USAGE,
        "A file with credentials can't be read",
        """Docker's config.json and Podman's auth.json are looked into for credentials. The one that the message names is not readable or not what it should be. Correct it, or remove it and sign in again.""",
    ),
    "federation": Kind(
        Exit.BROKE,
        "Entra ID does not know the token of the CI",
        """The CI vouches for the job by a token, and Entra ID exchanges it if a federated credential of the client has just its issuer, subject and audience. The message shows all three as they were sent: make a credential with these values, on the managed identity or application that the client id belongs to.

A subject names what started the job: a branch, a tag, a pull request, an environment. Each is another subject, and upper and lower case count. A job with environment: NAME has one subject for all of its branches and tags. GitHub may put the ids of owner and repository into it, so copy it from the message rather than writing it.""",
    ),
    "no-id-token": Kind(
        Exit.BROKE,
        "GitHub gives the job no token to sign in with",
        """A job may ask GitHub for a token only if it has the permission id-token: write. Write it under the job, with the other permissions that it needs: whatever isn't listed there is taken away. A pull request from a fork never gets one; such a run reads without signing in, and publishes nothing.""",
    ),
    "id-token": Kind(
        Exit.BROKE,
        "The CI gives no token for the job",
        """It was asked for a token that vouches for the job, and answered with something else. On Azure Pipelines the job must be authorised to use the service connection, and the connection must use workload identity federation.""",
    ),
    "expired": Kind(
        Exit.BROKE,
        "The token that was shown to Entra ID is out of its time",
        """The tokens by which a CI vouches for a job live for minutes, so one is asked for each time that it is needed. Azure Pipelines gives a ready one instead to a task that lacks SYSTEM_ACCESSTOKEN: map it under env of the task. Otherwise look at the machine's clock.""",
    ),
    "secret": Kind(
        Exit.BROKE,
        "The secret of the identity is wrong or has expired",
        """Secrets of an application expire. Make a new one and store it where the old one was, or do without: with a federated credential there is no secret, see docs/azure-sign-in.md. The value of a secret is wanted, not its id.""",
    ),
    "tenant": Kind(
        Exit.BROKE,
        "There is no such tenant",
        """azure.tenant is the id or a domain of the Entra tenant that the identity belongs to. A tenant of a national cloud is known there only, and the registry's host name decides which cloud is asked.""",
    ),
    "client": Kind(
        Exit.BROKE,
        "The tenant has no such client",
        """azure.client is the client id of an application or of a user-assigned managed identity, not its name and not its object id; and it must belong to the tenant that azure.tenant names. A disabled application counts as missing.""",
    ),
    "entra": Kind(
        Exit.BROKE,
        "Entra ID does not sign us in",
        """Its own words and the code are in the message; https://login.microsoftonline.com/error explains each code. Give the correlation id to whoever administers the tenant: the sign-in log has the rest.""",
    ),
    "managed": Kind(
        Exit.BROKE,
        "The machine has no managed identity",
        """PIPELINE_KIT_AZURE_IDENTITY=managed has the machine vouch for the run, which only an agent on Azure can do: with its own identity, or with a user-assigned one whose client id is in azure.client. Assign one to the machine, or take the variable away.""",
    ),
    "azure-cli": Kind(
        Exit.BROKE,
        "The Azure CLI gives no token for registries",
        """Where nothing else is set, whoever is signed in to the Azure CLI signs in to the registry. The sign-in has grown old, or belongs to another tenant. The message has the command that renews it.""",
    ),
    "no-identity": Kind(
        Exit.BROKE,
        "There is nothing to sign in to the registry with",
        """A registry of Azure was to be published to, and neither an identity nor credentials were found. They are looked for in this order: PIPELINE_KIT_REGISTRY_USERNAME and _PASSWORD; azure.client and azure.tenant on GitHub; the service connection of Azure Pipelines; AZURE_CLIENT_ID and AZURE_TENANT_ID with AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE; Docker's and Podman's configuration; whoever is signed in to the Azure CLI. The first that is there is used, and no other if it is refused. docs/azure-sign-in.md has the commands to set each up.""",
    ),
    "no-role": Kind(
        Exit.BROKE,
        "The registry does not take the identity",
        """Entra ID knows the identity, and the registry gives it no token. Mostly it has no role there yet: AcrPush to publish, AcrPull to read; where the registry's permissions are per repository, Container Registry Repository Writer or Reader. A new role takes some minutes to arrive. Or the registry belongs to a subscription of another tenant.""",
    ),
    "ids": Kind(
        Exit.USAGE,
        "The ids of the identity are not what they should be",
        """azure.client is a client id, azure.tenant the id or a domain of a tenant, and one needs the other. They come from PIPELINE_KIT_AZURE_CLIENT and PIPELINE_KIT_AZURE_TENANT, else from pipeline-kit.yml. None of them is a secret. PIPELINE_KIT_AZURE_IDENTITY can only be managed.""",
    ),
    "file": Kind(
        Exit.USAGE,
        "A file with a token or certificate can't be read",
        """AZURE_FEDERATED_TOKEN_FILE names a file with a token; AZURE_CLIENT_CERTIFICATE_PATH one with a certificate and its RSA key, as PEM or PKCS12, with AZURE_CLIENT_CERTIFICATE_PASSWORD if it has one.""",
    ),
    "unreachable": Kind(
        Exit.TRY_LATER,
        "Who signs us in can't be reached",
        """Entra ID or the CI's token service gave no answer, or only that it is busy, several times. Behind a proxy set HTTPS_PROXY, and let login.microsoftonline.com through; otherwise try again later.""",
    ),
    "tls": Kind(
        Exit.BROKE,
        "The certificate of who signs us in is not trusted",
        """Mostly a proxy that looks into the traffic and shows a certificate of its own. Set REQUESTS_CA_BUNDLE to the file of its certificate authority. There is no switch to trust everybody.""",
    ),
    "helper": Kind(
        Exit.BROKE,
        "A credential helper does not work",
        """Docker's config.json can name a program docker-credential-NAME that keeps the credentials. It is missing or it failed. Install or repair it, remove the line that names it, or set PIPELINE_KIT_REGISTRY_USERNAME and PIPELINE_KIT_REGISTRY_PASSWORD, which come first.""",
    ),
}
