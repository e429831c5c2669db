from __future__ import annotations

import threading

from telemetryd.hooks.tally import Tally


def test_threads_lose_no_count() -> None:
    """What many threads add is all there."""
    tally = Tally()

    def count() -> None:
        for _ in range(2_000):
            tally.add()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.add(5)
    assert tally.value == 8_005
