"""The outermost level of JSON is read whatever is below it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.model.nesting import elements, members

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
indents = st.sampled_from([None, 1])


@given(st.lists(values), indents)
def test_the_elements_of_an_array_are_those_of_any_reader(array: list[Any], indent: int | None) -> None:
    """Whatever commas, brackets and quotes their strings hold."""
    assert [json.loads(each) for each in elements(json.dumps(array, indent=indent).encode())] == array


@given(st.dictionaries(st.text(), values), indents, st.booleans())
def test_the_members_of_an_object_are_those_of_any_reader(
    found: dict[str, Any], indent: int | None, ascii_: bool
) -> None:
    """Names and values as they are written."""
    text = json.dumps(found, indent=indent, ensure_ascii=ascii_).encode()
    assert {json.loads(name): json.loads(value) for name, value in members(text).items()} == found


@pytest.mark.parametrize("count", [1, 1000, 100_000])
def test_depth_is_no_matter(count: int) -> None:
    """Deeper than any reader that calls itself."""
    deep = b"[" * count + b"]" * count
    assert elements(b"[1," + deep + b",2]") == [b"1", deep, b"2"]
    assert members(b'{"a": %b, "b": 2}' % deep) == {b'"a"': deep, b'"b"': b"2"}


@pytest.mark.parametrize("text", [b"", b"[", b"]", b"{}", b"17", b"[[]", b"[]]", b"[}{]", b"[" * 9])
def test_what_is_no_array_is_told(text: bytes) -> None:
    """Brackets have to match in number; the rest is for whoever reads the elements."""
    with pytest.raises(ValueError, match="expected"):
        elements(text)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{1}", b'{"a"}', b'{"a":1,}', b'{"a":{}', b'{"a":}}'])
def test_what_is_no_object_is_told(text: bytes) -> None:
    """Likewise, and each member has a colon."""
    with pytest.raises(ValueError, match="expected"):
        members(text)


@given(st.binary())
def test_no_bytes_raise_anything_else(text: bytes) -> None:
    """Also those that are no text."""
    for read, around in ((elements, b"[%b]"), (members, b"{%b}")):
        with contextlib.suppress(ValueError):
            read(around % text)
