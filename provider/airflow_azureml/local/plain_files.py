"""What may be opened to be read whole: a file, but no device or named pipe, whose reading need not come to an end."""

from __future__ import annotations

import errno
import os
import stat

DESCRIPTORS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""How the paths begin of what this process was handed open, such as the pipe of a shell's ``<(command)``."""


def check_plain(path: str) -> None:
    """Refuse to open what is no file, and no pipe that this process was handed open.

    :raises OSError: it is neither, or not there.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and path.startswith(DESCRIPTORS)):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    kind = "a named pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    raise OSError(errno.EINVAL, f"it is {kind}, not a file", path)
