"""Azure: signing in with an identity of Entra ID. The libraries of Azure are imported when a registry of Azure is used."""
