"""The disk that recordings also need: the archive's worker stops before it is full."""

import errno
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Disk:
    """The disk under a folder, of which so many MiB must stay free."""

    folder: Path
    reserve_mb: int

    def check(self, needed: int = 0) -> None:
        """Raises OSError (ENOSPC) if less than the reserve would be left after `needed` more bytes."""
        if shutil.disk_usage(self.folder).free - needed < self.reserve_mb << 20:
            raise OSError(errno.ENOSPC, "less free disk than must stay free")


def is_full(error: OSError) -> bool:
    """Whether an error says that nothing more fits."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
