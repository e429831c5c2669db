"""The daemon's unit on a node of its own, as a test handles it; ``Parent`` can be handled alike."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.waiting import until

from .private_systemd import SERVICE, PrivateSystemd

# Short enough for a test to wait for, long enough for a machine that is busy with others.
_WATCHDOG = "[Service]\nWatchdogSec=5\n"


class Unit:
    """The service and its sockets, as they are shipped."""

    def __init__(self, scratch: Path) -> None:
        self.systemd = PrivateSystemd(scratch)
        self._lines_before = 0

    @property
    def status(self) -> str:
        """The last status in words."""
        return self.systemd.show("StatusText")

    @property
    def said(self) -> str:
        """All that the daemon has said, as far as the journal has it by now."""
        return self.systemd.run("journalctl", "--output=cat", f"--unit={SERVICE}")

    @property
    def ingest(self) -> str:
        """The path of the ingest socket, from here."""
        return self.systemd.inside("/run/telemetryd/ingest.sock")

    @property
    def pid(self) -> str:
        """The id of the daemon's process, on the node; 0 where there is none."""
        return self.systemd.show("MainPID")

    def start(self) -> None:
        """Start the daemon as at boot, sockets first; systemctl returns once it says that it is ready."""
        self.systemd.systemctl("start", "telemetryd.socket", "telemetryd-http.socket", "telemetryd-renderer.socket")
        self.systemd.systemctl("start", SERVICE)

    def stop(self) -> None:
        """Stop it, and wait for a clean end."""
        self.systemd.systemctl("stop", SERVICE)
        assert self.systemd.show("Result") == "success"

    def configure(self, text: str) -> None:
        """Write the daemon's settings."""
        self.systemd.write("/etc/telemetryd/telemetryd.toml", text)

    def reload(self) -> None:
        """Have it read its settings again; raises where systemctl says that this failed."""
        self.systemd.systemctl("reload", SERVICE)

    def restart(self) -> None:
        """Stop and start it."""
        self.systemd.systemctl("restart", SERVICE)

    def kill(self) -> None:
        """Kill it, and wait until it was started again, as one that has failed."""
        self._replaced("KILL")

    def hang(self) -> None:
        """Have it hang, and wait until it is missed: then it is ended and started again."""
        self.systemd.drop_in(_WATCHDOG)
        self.restart()
        self._replaced("STOP")
        until(lambda: "Watchdog timeout" in self.systemd.log, "the journal to tell why")
        until(lambda: "Fatal Python error: Aborted" in self.said, "the journal to tell where each thread stood")
        self.systemd.drop_in("")

    def fetch(self, path: str, method: str = "GET") -> tuple[int, bytes]:
        """Return status and body of a request."""
        return self.systemd.fetch(path, method)

    def end(self) -> None:
        """Leave nothing."""
        self.systemd.end()

    def _replaced(self, signal: str) -> None:
        before = self.pid
        self.systemd.run("kill", f"-{signal}", before)
        until(
            lambda: self.pid not in ("0", before) and self.systemd.show("ActiveState") == "active",
            f"another process in place of {before}; the first process said:\n{self.systemd.log}",
        )
