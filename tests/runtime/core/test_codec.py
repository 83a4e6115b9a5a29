from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Frame
from runtime.core import codec
from runtime.core.topics import CARD, FRAME, TOPICS, Topic
from tests.runtime.core.samples import messages, same


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
@given(data=st.data())
def test_every_message_comes_back_exactly(topic: Topic[Any], data: st.DataObject) -> None:
    message = data.draw(messages(topic.type))
    again = codec.decoder(topic).decode(codec.encode(message))
    assert same(message, again)


@given(st.sampled_from(list(TOPICS.values())), st.binary() | st.builds(msgspec.msgpack.encode, st.text()))
def test_bytes_that_are_no_message_are_refused(topic: Topic[Any], data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        codec.decoder(topic).decode(data)


@pytest.mark.parametrize(
    "image",
    [
        ["|O", [1], b"12345678"],
        ["<f4", [2, 2], bytes(16)],
        ["|u1", [2, 2], b"123"],
        ["|i1", [2, 2, 3], bytes(12)],
        ["|u1", [-2, -2], b"1234"],
        ["|u1", [-1, 2, 1], b"1234"],
        ["|u1", [2**40, 2**40], b""],
        ["|u1", [2]],
        "words",
        None,
    ],
)
def test_an_array_must_be_what_the_topic_says(image: object) -> None:
    data = msgspec.msgpack.encode({"t_ns": 1, "image": image, "seq": 1})
    with pytest.raises(msgspec.ValidationError):
        codec.decoder(FRAME).decode(data)


def test_a_view_and_a_big_endian_array_are_stored_plainly() -> None:
    image = np.arange(60, dtype=">u1").reshape(4, 5, 3)[::2, ::-1]
    again = codec.decoder(FRAME).decode(codec.encode(Frame(1, image, 2)))
    assert np.array_equal(again.image, image)
    assert again.image.flags.writeable


def test_objects_do_not_go_in() -> None:
    with pytest.raises(TypeError, match="does not go into a recording"):
        codec.encode(np.array([object()]))


def test_each_topic_has_a_schema() -> None:
    for topic in TOPICS.values():
        assert "$ref" in msgspec.json.decode(codec.schema(topic)) or topic is CARD
    assert codec.type_name(CARD) == "Card | CardDown"
    assert b'"CardDown"' in codec.schema(CARD)
