#!/usr/bin/env python3
"""Run one target of ``tests/fuzz``: guided by the code it reaches, under atheris, or once; ``scripts/fuzz`` calls this."""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# Longest input: most of what can go wrong goes wrong in a few hundred bytes.
LONGEST = 4096
# An input that takes longer (s), or more memory (MiB), is a crash as well.
SLOWEST = 10
MEMORY = 2048


def main() -> int:
    """Fuzz, or repeat."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", help="frame, event, settings, query, journal or spool")
    parser.add_argument("--seconds", type=int, default=60, help="0: until it is interrupted")
    parser.add_argument("--corpus", type=Path, help="folder of what reaches new code")
    parser.add_argument("--repeat", type=Path, help="run the bytes of a file once, without atheris")
    options = parser.parse_args()
    if options.repeat:
        from tests.fuzz.targets import TARGETS

        TARGETS[options.target](options.repeat.read_bytes())
        print(f"{options.target}: every claim holds")
        return 0
    fuzz(options.target, options.seconds, options.corpus)
    return 0


def fuzz(name: str, seconds: int, corpus: Path) -> None:
    """Search until the time is up or a claim is broken; libFuzzer ends the process itself."""
    import atheris

    # Readers in Python besides our own tell the way too; msgspec is C, and its words come from the seeds.
    with atheris.instrument_imports(include=["telemetryd", "json", "tomllib", "urllib.parse"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.seeds import SEEDS

    for seed in SEEDS[name]:
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    words = Path(tempfile.mkdtemp()) / "words"
    words.write_text(dictionary(SEEDS[name]))
    options = [
        f"-dict={words}",
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MEMORY}",
        f"-artifact_prefix={corpus}.",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


def dictionary(seeds: Iterable[bytes]) -> str:
    """Return the words of some bytes as libFuzzer wants them."""
    found = {word for seed in seeds for word in re.findall(rb'"[^"\\]{0,40}"|[\w.]{2,40}|[^\w\s]', seed)}
    return "".join('"' + "".join(f"\\x{byte:02X}" for byte in word) + '"\n' for word in sorted(found))


if __name__ == "__main__":
    sys.exit(main())
