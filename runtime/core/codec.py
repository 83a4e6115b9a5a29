"""Bus messages as bytes: MessagePack by msgspec, exact to the last bit (JSON has no NaN and no bytes).

An array travels as [dtype, shape, bytes] in C order, little endian.
"""

from __future__ import annotations

import functools
import math
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from runtime.core.topics import Topic

_KINDS = "iuf"  # integers and floats: no object may come out of a file


def encode(message: object) -> bytes:
    """Any message of a topic, as bytes."""
    return _ENCODER.encode(message)


@functools.cache
def decoder(topic: Topic[Any]) -> msgspec.msgpack.Decoder[Any]:
    """Reads the messages of ``topic``; ``decode`` raises msgspec.MsgspecError for anything else."""
    return msgspec.msgpack.Decoder(topic.type, dec_hook=_from_plain)


def schema(topic: Topic[Any]) -> bytes:
    """The JSON Schema (2020-12) of the topic's messages."""
    return msgspec.json.encode(msgspec.json.schema(topic.type, schema_hook=_array_schema))


def type_name(topic: Topic[Any]) -> str:
    """The topic's message type by name: "Pose", "Card | CardDown"."""
    return " | ".join(kind.__name__ for kind in get_args(topic.type) or (topic.type,))


def _to_plain(value: object) -> tuple[str, tuple[int, ...], bytes]:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in _KINDS:
        raise TypeError(f"{type(value).__name__} does not go into a recording")
    array = value.astype(value.dtype.newbyteorder("<"), copy=False)
    return array.dtype.str, array.shape, array.tobytes()


def _from_plain(kind: Any, value: Any) -> NDArray[Any]:
    """msgspec turns the ValueErrors raised here into ValidationErrors that name the field."""
    name, shape, data = msgspec.convert(value, tuple[str, tuple[int, ...], bytes])
    wanted = get_args(get_args(kind)[1])[0]
    if name != np.dtype(wanted).newbyteorder("<").str:
        raise ValueError(f"an array of {wanted.__name__} is wanted, not of {name!r}")
    if math.prod(shape) * np.dtype(wanted).itemsize != len(data):
        raise ValueError(f"an array of shape {shape} does not have {len(data)} bytes")
    return np.frombuffer(data, name).reshape(shape).astype(wanted)


def _array_schema(kind: Any) -> dict[str, Any]:
    return {"type": "array", "description": f"dtype, shape, bytes of {kind}"}


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_to_plain)
