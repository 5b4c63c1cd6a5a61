"""Signing in to Azure by an identity of Entra ID. Azure's libraries are imported where a registry of Azure is used."""
