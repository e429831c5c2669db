"""Labels as text bear any word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from telemetryd.exposition.labels import LabelTexts, escaped, label_text


def test_quotes_backslashes_and_newlines_are_escaped() -> None:
    """As both formats have it."""
    assert label_text(("a", "b"), ('say "hi"\\\n', "x")) == 'a="say \\"hi\\"\\\\\\n",b="x"'


def test_a_zero_byte_is_shown_as_its_symbol() -> None:
    """The scanner of Prometheus takes one for the end of the text, and would throw the whole scrape away."""
    assert escaped("a\0b") == "a\u2400b"


@given(st.text(min_size=1, max_size=64).filter(lambda word: "\0" not in word))
def test_any_word_comes_back_from_a_parser(word: str) -> None:
    """Control characters, braces, commas, and letters of any script, in both formats."""
    line = f"a{{{label_text(('word',), (word,))}}} 1\n"
    for parse, text in ((parse_text, line), (parse_openmetrics, f"# TYPE a gauge\n{line}# EOF\n")):
        ((sample,),) = (family.samples for family in parse(text))
        assert sample.labels == {"word": word}


def test_labels_of_keys_are_made_once() -> None:
    """And grow with the keys."""
    texts = LabelTexts(("type", "backend"))
    first = texts.of([("add", "s3")])
    assert first == ['type="add",backend="s3"']
    second = texts.of([("add", "s3"), ("pin", "ipfs")])
    assert second == ['type="add",backend="s3"', 'type="pin",backend="ipfs"']
    assert second[0] is first[0]
    assert len(first) == 1
