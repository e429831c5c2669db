"""What a client takes, by its headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.api.negotiation import wants_gzip, wants_openmetrics

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


@pytest.mark.parametrize(
    "accept",
    [
        PROMETHEUS_2,
        PROMETHEUS_3,
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        'APPLICATION/OpenMetrics-Text; Version="1.0.0"',
        "application/openmetrics-text, text/plain",
        "text/plain;q=0.5, application/openmetrics-text;q=0.5",
        "*/*;q=0.9, application/openmetrics-text",
    ],
)
def test_openmetrics_is_for_whoever_names_it(accept: str) -> None:
    """Where it is wanted at least as much as text."""
    assert wants_openmetrics(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/plain;version=0.0.4",
        "application/openmetrics-text;q=0.5, text/plain",
        "application/openmetrics-text;q=0.5, text/*;q=0.6",
        "application/openmetrics-text;q=0.5, */*;q=0.6",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=much",
        "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;version=0.0.1",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    ],
)
def test_text_is_for_everyone_else(accept: str) -> None:
    """Also for whoever would rather have something that there is not: nobody is refused."""
    assert not wants_openmetrics(accept)


@pytest.mark.parametrize("header", ["gzip", "deflate, gzip;q=0.5", "GZIP", "*", "br;q=1.0, *;q=0.1"])
def test_gzip_is_for_whoever_takes_it(header: str) -> None:
    """By name, or as anything."""
    assert wants_gzip(header)


@pytest.mark.parametrize("header", ["", "identity", "deflate, br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzip;q=x"])
def test_gzip_is_not_for_whoever_does_not(header: str) -> None:
    """By not naming it, or by saying so."""
    assert not wants_gzip(header)


@given(st.text(alphabet=st.sampled_from('application/openmetrics-text;q=0.5, */*"\\version gzip')))
def test_any_header_is_an_answer(header: str) -> None:
    """However it is written."""
    assert wants_openmetrics(header) in (True, False)
    assert wants_gzip(header) in (True, False)
