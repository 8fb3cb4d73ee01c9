"""``timeout``, as Python 3.11 has it, in place of ``asyncio.wait_for``.

Before Python 3.12 ``asyncio.wait_for`` drops a cancel that comes in the same turn of the event loop as what it waits
for (https://github.com/python/cpython/issues/86296): who was cancelled goes on, and whoever waits for its end does so
for ever.
"""

import sys

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["timeout"]
