"""Does everything that should travel arrive, and everything malformed end as `Malformed`?"""

import json
import random
import socket
import struct

import numpy as np
import pytest

from grading import channel
from grading.channel import Channel, Closed, Malformed, pack, sizes, unpack

PREFIX = channel.PREFIX.size


def travelled(message):
    data = pack(message)
    header, body = sizes(data[:PREFIX])
    assert len(data) == PREFIX + header + body
    return unpack(data[PREFIX : PREFIX + header], data[PREFIX + header :])


@pytest.mark.parametrize(
    "value", [None, True, False, 0, -(10**24), 10**24, 1.5, float("inf"), "é\ud800", (), (1, ("a", None)), {}]
)
def test_values_arrive(value):
    got = travelled({"value": value})["value"]
    assert got == (value if value != "é\ud800" else "é?")
    assert type(got) is type(value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f4", "f8", "c16", ">f8", ">i4"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (2, 1, 2)])
def test_arrays_arrive(dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    got = travelled({"value": array})["value"]
    np.testing.assert_array_equal(got, array)
    assert got.shape == shape
    assert got.flags.writeable


def test_scalars_keep_their_type_and_nan_stays_nan():
    got = travelled({"a": np.int64(3), "b": np.float32(0.5), "c": float("nan")})
    assert type(got["a"]) is np.int64
    assert type(got["b"]) is np.float32
    assert np.isnan(got["c"])


def test_the_text_of_a_function_arrives_and_stays_text():
    got = travelled({"value": channel.Expression("lambda x: x + 1")})["value"]
    assert type(got) is channel.Expression
    assert got == "lambda x: x + 1"


class Right:
    def __eq__(self, other):
        return True

    __hash__ = None

    def __reduce__(self):
        raise AssertionError("something pickled this")


class Array(np.ndarray):
    pass


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Right(), "Right"),
        (np.array([Right()]), "ndarray of dtype object and shape (1,)"),
        (np.zeros(2).view(Array), "Array"),
        ({1: 2}, "dict"),
        (1 << 30_000, "int"),
        (np.zeros(3, "c32"), "ndarray of dtype complex256 and shape (3,)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_types_arrive_as_their_name(value, name):
    got = travelled({"value": value})["value"]
    assert isinstance(got, channel.Unsupported)
    assert type(got).__name__ == name


BAD_HEADERS = [
    b"",
    b"[",
    b"null",
    b"[]",
    b'["constant", true]',
    b'["dict", {"a": ["array", "|O", [1]]}]',
    b'["dict", {"a": ["array", "<f8", [-1]]}]',
    b'["dict", {"a": ["array", "<f8", [1e9]]}]',
    b'["dict", {"a": ["array", "<f8", [99999999999]]}]',
    b'["dict", {"a": ["array", "<f8", [1]]}]',
    b'["dict", {"a": ["int", "1_0"]}]',
    b'["dict", {"a": ["int", 7]}]',
    b'["dict", {"a": ["float", "x"]}]',
    b'["dict", {"a": ["text", -1]}]',
    b'["dict", {"a": ["text", true]}]',
    b'["dict", {"a": ["constant", 5]}]',
    b'["dict", {"a": ["__class__"]}]',
    b'["dict", {"a": ["value", 1]}]',
    b'["dict", {"a": ["tuple"]}]',
    b'["dict", {"a": ["other", {}]}]',
    b'["dict", {"a": []}]',
    b"[" * 100_000,
    b'["tuple", [' * 50 + b"]]" * 50,
    b'["dict", {"a": ["int", "' + b"9" * 5000 + b'"]}]',
    b'["dict", {"a": ["tuple", [' + b",".join([b'["constant", null]'] * 30_000) + b"]]}]",
]


@pytest.mark.parametrize("header", BAD_HEADERS, ids=range(len(BAD_HEADERS)))
def test_a_bad_header_is_malformed(header):
    with pytest.raises(Malformed):
        unpack(header, b"")


def test_bytes_left_over_are_malformed():
    with pytest.raises(Malformed):
        unpack(b'["dict", {}]', b"x")


@pytest.mark.parametrize("prefix", [(b"XXXX", 1, 1), (b"GRD1", 1 << 31, 0), (b"GRD1", 0, 1 << 60)])
def test_sizes_are_capped_before_anything_is_read(prefix):
    with pytest.raises(Malformed):
        sizes(struct.pack("<4sIQ", *prefix))


def test_fuzz():
    rng = random.Random(0)
    whole = pack(
        {
            "event": "returned",
            "id": 3,
            "value": (np.arange(6.0).reshape(2, 3), 10**24, "text"),
            "after": {"a": np.ones(2)},
        }
    )
    header, _ = sizes(whole[:PREFIX])
    outcomes = set()
    for _ in range(3000):
        data = bytearray(whole[PREFIX:])
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(header)] = rng.randrange(256)
        try:
            outcomes.add(type(unpack(bytes(data[:header]), bytes(data[header:]))))
        except Malformed:
            outcomes.add(Malformed)
    assert outcomes <= {dict, Malformed}
    assert Malformed in outcomes


def test_waiting_can_be_given_up():
    ours, theirs = socket.socketpair()
    rounds = []

    def tick():
        rounds.append(1)
        if len(rounds) > 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        Channel(ours, tick).receive()
    theirs.close()
    rounds.clear()
    with pytest.raises(Closed):
        Channel(ours, tick).receive()


def test_a_reader_that_never_reads_does_not_block_the_sender():
    ours, theirs = socket.socketpair()
    rounds = []

    def tick():
        rounds.append(1)
        if len(rounds) > 50:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        Channel(ours, tick).send({"value": np.zeros(2_000_000)})
    assert theirs.fileno() >= 0


def test_the_header_is_plain_json():
    data = pack({"a": np.zeros((2, 2), "f4")})
    header, _ = sizes(data[:PREFIX])
    assert json.loads(data[PREFIX : PREFIX + header]) == ["dict", {"a": ["array", "<f4", [2, 2]]}]


def test_a_huge_array_made_of_few_bytes_is_not_copied():
    huge = np.lib.stride_tricks.as_strided(np.zeros(1), (10**6, 10**6), (0, 0))
    assert "huge" in type(travelled({"value": huge})["value"]).__name__


def test_a_long_double_is_a_number_too():
    assert travelled({"value": np.full(2, 0.5, np.longdouble)})["value"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("header", [b'["dict", [1]]', b'["dict", 1]', b"3", b'{"a": 1}', b'["tuple", {"a": 1}]'])
def test_made_up_descriptions_are_malformed(header):
    with pytest.raises(Malformed):
        unpack(header, b"")


@pytest.mark.parametrize("value", [[], [1, 2.5, None], ([17, 9], [1], 19), [[np.float64(1)]], [[]]])
def test_lists_travel_as_lists(value):
    assert travelled({"value": value})["value"] == value


def test_a_range_arrives_as_a_list():
    assert travelled({"value": range(5, 7)})["value"] == [5, 6]


def test_what_holds_too_many_values_is_named_only():
    endless = []
    endless.append(endless)
    for value in ([0] * 30_000, tuple([(0,) * 200] * 200), endless, range(10**9)):
        arrived = travelled({"value": value})["value"]
        assert arrived == [] or type(arrived).__name__ in ("tuple", "range")
