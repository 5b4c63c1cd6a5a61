"""The values that flow from git to the deployment: frozen, each naming the digest of what it judged."""
