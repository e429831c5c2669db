"""How Chromium is started: the command, its environment, and the group of its processes."""

from __future__ import annotations

import mmap
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from choreographer.browsers import Chromium

from .channel import Channel

# It reads descriptor 3 and writes descriptor 4.
_SHELL = ("/bin/sh", "-c", 'exec "$0" "$@" 3<&0 4>&1 </dev/null >&2')
# MiB. Without the first a page takes a gigabyte; with half of it, a chart of the largest size is too much.
# The second is a third of the page's memory for no time that can be measured.
_HEAP = "--max-old-space-size=256,--max-semi-space-size=8"
_OPTIONS = (
    # No name is that of another host, and no proxy knows better: nothing can be fetched.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-proxy-server",
    "--disable-background-networking",
    # Each of these would be a process of its own, of 30 MB.
    "--in-process-gpu",
    "--enable-features=NetworkServiceInProcess2",
)


class Supervised(Chromium):
    """Chromium as choreographer starts it, but for this: no process in between, our session, bounded memory, no network.

    ``temporary`` is the path of the folder for temporary files. Chromium puts a socket among them, and the
    path of a socket is no longer than 107 bytes.
    """

    def __init__(self, temporary: str, channel: Channel, path: str | None = None, **options: Any) -> None:
        super().__init__(channel, path, **options)
        self._temporary = temporary

    def get_cli(self) -> Sequence[str]:
        given = list(super().get_cli())
        options = given[given.index(str(self.path)) + 1 :]
        script = f"--js-flags={_HEAP}" if may_compile() else f"--js-flags={_HEAP},--jitless"
        return [*_SHELL, str(self.path), script, *_OPTIONS, *options]

    def get_popen_args(self) -> Mapping[str, Any]:
        given = dict(super().get_popen_args())
        given.pop("start_new_session", None)
        return {**given, "process_group": 0}

    def get_env(self) -> MutableMapping[str, str]:
        return {**super().get_env(), "TMPDIR": self._temporary}


def may_compile() -> bool:
    """Return whether memory may be written and run, as a compiler needs it: not with MemoryDenyWriteExecute of systemd."""
    try:
        mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    except OSError:
        return False
    return True
