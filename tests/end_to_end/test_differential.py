"""Random operations over several hours: the API's numbers are those of brute force, whatever state the rows are in.

To repeat a failure, run the test with ``TELEMETRYD_TEST_SEED`` set to the seed that it names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.oracle.model import Model, Request

from .comparing import differences
from .daemon import Daemon
from .parquet_files import compacted_hours, stored_rows
from .random_history import RandomHistory, new_seed
from .requests_to_compare import every_aggregation_and_filter, every_metric, every_shape
from .waiting import until

HOURS = 4
DAY = 86_400
PRODUCERS = 3
Batches = list[tuple[int, list[dict[str, Any]]]]
# Nothing is sealed by itself, then everything is at once.
HELD = {
    "TELEMETRYD_STORAGE_HEAD_AGE": 3600,
    "TELEMETRYD_STORAGE_LATE_QUIET": 3600,
    "TELEMETRYD_STORAGE_SEAL_GRACE": 3600,
}
SEALING = {"TELEMETRYD_STORAGE_HEAD_AGE": 1, "TELEMETRYD_STORAGE_LATE_QUIET": 0}


class Proof:
    """A daemon beside the oracle; ``sent`` are the events that both have, in order of arrival."""

    def __init__(self, daemon: Daemon, seed: int) -> None:
        self.daemon = daemon
        self.seed = seed
        self.sent: list[dict[str, Any]] = []
        self._answers: dict[Request, dict[str, Any]] = {}
        self._model: Model | None = None
        self.sampling_interval = 60

    def add(self, events: list[dict[str, Any]]) -> None:
        """Tell the oracle what the daemon was told."""
        self.sent += events
        self._forget()

    def sample_every(self, seconds: int) -> None:
        """Change the sampling interval of both."""
        self.daemon.configure(sampling_interval=seconds)
        self.sampling_interval = seconds
        self._forget()

    def check(self, requests: Sequence[Request], state: str) -> None:
        """Compare the answers to all requests; ``state`` says where the rows are."""
        for request in requests:
            found = self.daemon.get("metrics", **request.parameters())
            expected = self._expected(request, found["timestamp"])
            wrong = differences(expected, found, until_now=request.end_time is None)
            if wrong and request.end_time is None:
                # An interval may have ended between the question and the picture that answers it: not twice in a row.
                found = self.daemon.get("metrics", **request.parameters())
                expected = self._expected(request, found["timestamp"])
                wrong = differences(expected, found, until_now=True)
            assert not wrong, (
                f"seed {self.seed}, {state}, {request.parameters()}: {len(wrong)} differences:\n"
                + "\n".join(wrong[:10])
            )

    def _expected(self, request: Request, now: float) -> dict[str, Any]:
        self._model = self._model or Model(self.sent, self.sampling_interval)
        if request.end_time is None:
            return self._model.answer(request, now)
        if request not in self._answers:
            self._answers[request] = self._model.answer(request, now)
        return self._answers[request]

    def _forget(self) -> None:
        self._model = None
        self._answers.clear()


def last_hours() -> tuple[int, int]:
    """Return the start of an hour, and an instant of the last few minutes ``HOURS`` hours later or more."""
    end = int(time.time()) - 150
    return end // 3600 * 3600 - HOURS * 3600, end


def send(daemon: Daemon, batches: Batches) -> None:
    """Send batches over one connection for each producer and wait for all acknowledgements."""
    numbers = [0] * PRODUCERS
    with ExitStack() as stack:
        producers = [stack.enter_context(daemon.producer()) for _ in range(PRODUCERS)]
        for number, producer in enumerate(producers):
            numbers[number] = producer.hello(f"producer {number}")["last_batch"]
        for number, events in batches:
            numbers[number] += 1
            producers[number].batch(numbers[number], events)
        for number, producer in enumerate(producers):
            if any(each == number for each, _ in batches):
                producer.expect_ack(numbers[number])
            assert producer.heard == []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_numbers_are_right_through_the_life_of_their_rows(new_daemon: Callable[..., Daemon]) -> None:
    """Live, after SIGKILL, after sealing, after a clean restart and after compaction, every answer is the oracle's."""
    seed = new_seed()
    begin, end = last_hours()
    batches = RandomHistory(seed, begin, end, operations=800).batches(PRODUCERS, 300)
    random = Random(seed)
    requests = [
        *every_aggregation_and_filter(begin, end, random),
        *every_metric(begin, end),
        *every_shape(begin, end, random, 40),
    ]

    def some() -> list[Request]:
        return [*random.sample(requests, 25), *every_metric(begin, end)]

    daemon = new_daemon()
    proof = Proof(daemon, seed)

    daemon.start(**HELD)
    send(daemon, batches)
    proof.add([event for _, events in batches for event in events])
    proof.check(requests, "live")

    daemon.kill()
    daemon.start()
    proof.check(some(), "after SIGKILL")

    daemon.restart(**SEALING)
    until(lambda: stored_rows(daemon) == len(proof.sent), "all rows to be sealed")
    proof.check(some() + some(), "sealed")

    daemon.restart()
    proof.check(some(), "after a clean restart")

    daemon.restart(TELEMETRYD_STORAGE_SEAL_GRACE=0)
    until(lambda: len(compacted_hours(daemon)) >= HOURS, "finished hours to be one file")
    proof.check(requests, "compacted")

    # Rollups of a minute cannot answer for 45 s: the rows themselves do.
    proof.sample_every(45)
    odd = [*every_metric(begin, end), *(replace(request, interval=135) for request in every_metric(begin, end))]
    proof.check(odd, "compacted, at another sampling interval")
    daemon.kill()
    daemon.start()
    proof.check(odd, "compacted, after SIGKILL")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_numbers_are_right_while_rows_are_spread_over_head_and_parts(new_daemon: Callable[..., Daemon]) -> None:
    """Sealed every few hundred rows and killed half way with batches under way, every answer is the oracle's."""
    seed = new_seed()
    begin, end = last_hours()
    random = Random(seed)
    batches = RandomHistory(seed, begin, end, operations=500).batches(PRODUCERS, 60)
    requests = [*every_aggregation_and_filter(begin, end, random), *every_shape(begin, end, random, 60)]
    daemon = new_daemon(TELEMETRYD_STORAGE_HEAD_ROWS=300, **SEALING)
    proof = Proof(daemon, seed)
    daemon.start()
    chunks = [batches[at : at + len(batches) // 4 + 1] for at in range(0, len(batches), len(batches) // 4 + 1)]
    for number, chunk in enumerate(chunks):
        send(daemon, interrupted(daemon, chunk) if number == 2 else chunk)
        proof.add([event for _, events in chunk for event in events])
        proof.check(random.sample(requests, 25), f"while chunk {number} is being sealed")
    until(lambda: stored_rows(daemon) == len(proof.sent), "all rows to be sealed")
    proof.check(random.sample(requests, 40), "at rest")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_numbers_are_right_across_days(new_daemon: Callable[..., Daemon]) -> None:
    """Of whole days, edge hours and edge intervals, cold and warm, with late events and another sampling interval, all are the oracle's."""
    seed = new_seed()
    end = int(time.time()) - 150
    begin = end // DAY * DAY - 2 * DAY - 4 * 3600
    random = Random(seed)
    lives = RandomHistory(seed, begin, end, operations=300)
    batches = lives.batches(PRODUCERS, 200)
    late = [batch for batch in batches if batch[0] == 0]
    requests = [
        *every_aggregation_and_filter(begin, end, random),
        # The cells of minutes are what the other tests ask for; of days there are thousands.
        *every_shape(begin, end, random, 60, shortest=300),
        *(
            Request(start_time=begin + first, end_time=end - last, interval=interval)
            for interval in (1800, 3600, 86_400, 172_800)
            for first, last in ((0, 0), (4 * 3600, end % DAY), (5400, 1234.5), (20 * 3600 + 60, DAY + 60))
        ),
    ]

    def check(state: str, count: int = 25) -> None:
        asked = random.sample(requests, count)
        proof.check(asked, f"{state}, cold")
        proof.check(asked, f"{state}, warm")

    daemon = new_daemon(TELEMETRYD_STORAGE_SEAL_GRACE=0, **SEALING)
    proof = Proof(daemon, seed)
    daemon.start()
    on_time = [batch for batch in batches if batch[0] != 0]
    send(daemon, on_time)
    proof.add([event for _, events in on_time for event in events])
    until(lambda: stored_rows(daemon) == len(proof.sent), "all rows to be sealed")
    until(lambda: whole_days(daemon, end) == 3, "each day that is over to have its file")
    check("in days", 40)

    # What was sampled otherwise is in files of days as well; late events go into hours and days that were made long ago.
    proof.sample_every(30)
    send(daemon, late)
    proof.add([event for _, events in late for event in events])
    check("with late events", 40)
    until(lambda: stored_rows(daemon) == len(proof.sent), "late rows to be sealed")
    check("while days are made anew")
    daemon.kill()
    daemon.start()
    until(lambda: whole_days(daemon, end) == 3, "each day that is over to have its file")
    check("in days made anew, after SIGKILL", 40)

    proof.sample_every(45)
    odd = [
        replace(request, interval=interval)
        for interval in (135, 1800)
        for request in every_metric(begin + 20 * 3600, begin + 30 * 3600)
    ]
    proof.check(odd, "in days, at another sampling interval")


def whole_days(daemon: Daemon, at: int) -> int:
    """Return how many days are answered from one row a series, of all that were over at ``at`` (Unix s)."""
    midnight = at // DAY * DAY
    found = daemon.get(
        "metrics", metric_type="success_rate", aggregation="average", start_time=0, end_time=midnight, explain="true"
    )["explain"]
    return int(found["days"]) if found["hours"] == found["hours_as_sampled"] == 0 else 0


def interrupted(daemon: Daemon, batches: Batches) -> Batches:
    """Send batches, kill the daemon before it can have acknowledged all, restart it; return those it does not have."""
    with ExitStack() as stack:
        producers = [stack.enter_context(daemon.producer()) for _ in range(PRODUCERS)]
        before = [producer.hello(f"producer {number}")["last_batch"] for number, producer in enumerate(producers)]
        following = list(before)
        for number, events in batches:
            following[number] += 1
            producers[number].batch(following[number], events)
        producers[batches[0][0]].expect("ack")
        daemon.kill()
    daemon.start()
    with ExitStack() as stack:
        producers = [stack.enter_context(daemon.producer()) for _ in range(PRODUCERS)]
        stored = [producer.hello(f"producer {number}")["last_batch"] for number, producer in enumerate(producers)]
    rest: Batches = []
    following = list(before)
    for number, events in batches:
        following[number] += 1
        if following[number] > stored[number]:
            rest.append((number, events))
    return rest
