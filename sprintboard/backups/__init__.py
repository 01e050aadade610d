"""Backups: one file with the database, the media and a list of what is inside.

The signing key and other secrets are never in it: whoever has a backup should not be able to sign
as the installation. Keep the key apart (docs/operating.md, "Backing up").
"""

from . import files
from .restoring import restore
from .verifying import verify
from .writing import write

__all__ = ["files", "restore", "verify", "write"]
