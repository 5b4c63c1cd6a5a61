"""OCI images on disk and in registries: layouts, their verification, and a registry client; every byte is named by its
digest, and hashed again at each border.
"""
