#!/usr/bin/env python3
"""Run one target of ``tests/fuzz``: guided by the code it reaches, under atheris, or once; ``scripts/fuzz`` calls this."""

from __future__ import annotations

import argparse
import hashlib
import sys
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
    parser.add_argument("target", help="frame, event, settings, query or journal")
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

    with atheris.instrument_imports(include=["telemetryd"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.seeds import SEEDS

    for seed in SEEDS[name]:
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MEMORY}",
        f"-artifact_prefix={corpus}.",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
