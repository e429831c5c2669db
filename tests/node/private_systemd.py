"""A real systemd that is the first process of namespaces of its own, with our units as they are."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from tests.end_to_end.daemon import ROOT
from tests.end_to_end.waiting import until

UNITS = ROOT / "systemd"
SERVICE = "telemetryd.service"
# What our units need of others, as empty targets.
_TARGETS = ("basic", "multi-user", "node", "shutdown", "sockets", "sysinit", "umount")
_SYSTEM = Path("/lib/systemd/system")
_JOURNAL = ("systemd-journald.service", "systemd-journald.socket")
_NAMESPACES = ("--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child")
_BOOT = 'echo $$ > "$1/cgroup.procs" && shift && exec unshare "$@"'
_FETCH = """
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=60)
connection.request(*sys.argv[1:3], headers=json.loads(sys.argv[3]))
answer = connection.getresponse()
sys.stdout.buffer.write(b"%d\\n" % answer.status + answer.read())
"""


class NoSystemd(Exception):
    """A systemd of our own cannot run here, and why."""


class PrivateSystemd:
    """Booted with the sockets and the daemon installed and not started; ``end`` leaves nothing of it.

    Its folders /run, /etc and /var are its own, in memory; its network is too. Raises :class:`NoSystemd`.
    """

    def __init__(self, scratch: Path) -> None:
        if os.geteuid() != 0 or not Path("/lib/systemd/systemd").exists():
            raise NoSystemd("it takes root, and Debian's package systemd")
        self._scratch = scratch
        self._furnish()
        self._cgroup = _cgroup()
        boot = [ROOT / "tests/node/boot.sh", scratch, sys.base_prefix, sysconfig.get_path("purelib"), ROOT]
        # It does not outlive us, however we end.
        enter = ["setpriv", "--pdeathsig=KILL", "sh", "-c", _BOOT, "sh", self._cgroup]
        command = [*enter, *_NAMESPACES, "--propagation", "private", "sh", *boot]
        with (scratch / "out").open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            until(self._booted, "the node to boot", 30)
            self.systemctl("start", *_JOURNAL)
        except (AssertionError, subprocess.CalledProcessError) as error:
            told = f"{error}; {(scratch / 'out').read_text()}"
            self.end()
            raise NoSystemd(told) from None

    def _furnish(self) -> None:
        units = self._scratch / "units"
        for folder in (units, self._scratch / "opt"):
            folder.mkdir()
        for unit in [*UNITS.glob("*.service"), *UNITS.glob("*.socket"), *(_SYSTEM / name for name in _JOURNAL)]:
            shutil.copy(unit, units)
        for name in _TARGETS:
            (units / f"{name}.target").write_text(f"[Unit]\nDescription={name}\nDefaultDependencies=no\n")
        shutil.copy(UNITS / "telemetryd.sysusers.conf", self._scratch / "sysusers.conf")
        for file in ("console", "telemetryd.toml"):
            (self._scratch / file).touch()

    @property
    def first(self) -> int:
        """The id of the node's first process, as it is seen from here; 0 where there is none."""
        pid = self._process.pid
        with contextlib.suppress(OSError, IndexError):
            return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        return 0

    @property
    def log(self) -> str:
        """What systemd itself has said."""
        return self.run("journalctl", "--output=cat", "_PID=1")

    def inside(self, path: str) -> str:
        """Return how a path of the node is called here."""
        return f"/proc/{self.first}/root{path}"

    def run(self, *command: str) -> str:
        """Return what a command says that is run on the node, as root; raises where it fails."""
        enter = ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--"]
        return subprocess.run([*enter, *command], capture_output=True, text=True, check=True, timeout=120).stdout

    def systemctl(self, *arguments: str) -> str:
        """Run systemctl there."""
        return self.run("systemctl", *arguments)

    def show(self, name: str, unit: str = SERVICE) -> str:
        """Return a property of a unit."""
        return self.systemctl("show", "--value", f"--property={name}", unit).strip()

    def journal(self, unit: str = SERVICE) -> list[dict[str, Any]]:
        """Return the lines of a unit that are JSON."""
        lines = []
        for line in self.run("journalctl", "--output=cat", f"--unit={unit}").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                lines.append(json.loads(line))
        return [line for line in lines if isinstance(line, dict)]

    def fetch(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        """Return status and body of a request to port 8000 of the node's loopback."""
        enter = ["nsenter", f"--target={self.first}", "--net", "--"]
        ask = [sys.executable, "-c", _FETCH, method, path, json.dumps(headers)]
        answer = subprocess.run([*enter, *ask], capture_output=True, check=True, timeout=120).stdout
        status, _, body = answer.partition(b"\n")
        return int(status), body

    def write(self, path: str, text: str) -> None:
        """Write a file of the node, for root alone."""
        file = Path(self.inside(path))
        file.parent.mkdir(exist_ok=True)
        file.touch(0o600)
        file.write_text(text)

    def drop_in(self, text: str) -> None:
        """Change the service from its next start on, as ``systemctl edit`` does; nothing takes the change back."""
        folder = self._scratch / "units" / f"{SERVICE}.d"
        folder.mkdir(exist_ok=True)
        (folder / "test.conf").write_text(text)
        if not text:
            shutil.rmtree(folder)
        self.systemctl("daemon-reload")

    def end(self) -> None:
        """Kill the first process, and all others with it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.first or self._process.pid, signal.SIGKILL)
        self._process.wait(60)
        until(lambda: _removed(self._cgroup), "the node's processes to be gone")

    def _booted(self) -> bool:
        assert self._process.poll() is None
        return bool(self.first) and Path(self.inside("/run/systemd/private")).exists()


def _cgroup() -> Path:
    """Return a new cgroup below our own, for the node's processes."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    roots = [mount[1] for mount in mounts if mount[2] == "cgroup2"]
    own = [line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
    if not roots or not own:
        raise NoSystemd("it takes a cgroup2 hierarchy")
    path = Path(roots[0] + own[0]) / f"telemetryd-node-{os.getpid()}"
    try:
        path.mkdir()
    except OSError as error:
        raise NoSystemd(f"it takes cgroups that can be made: {error}") from None
    return path


def _removed(cgroup: Path) -> bool:
    with contextlib.suppress(OSError):
        for folder, _, _ in os.walk(cgroup, topdown=False):
            os.rmdir(folder)
    return not cgroup.exists()
