"""Text has visible characters only."""

import pytest

from libs.common.text import visible


@pytest.mark.parametrize("text", ["Zoë & Sons, £5 – “Leeds”", "日本", "a b"])
def test_what_can_be_read_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "a\x7fb", "a\u202eb", "a\u200bb", "a\ud800b", "a\u2028b"])
def test_what_cannot_be_seen_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="visible characters only"):
        visible(text)
