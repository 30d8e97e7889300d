"""What is accepted as a result, what counts as equal, and the words for the rest."""

import re

import numpy as np
import pytest
import torch

from resampling.checks.refusals import (
    Refusal,
    as_result,
    item,
    raised,
    same,
    size_of,
    time_limit,
    wrong_shape,
    wrong_values,
)

MATRIX = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 4.0]])


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_are_taken(value):
    assert (as_result(value, 1), type(as_result(value, 1))) == (3, int)


@pytest.mark.parametrize("value", [3.0, np.float64(3), True, np.True_, "3", [3], np.array([3]), 3 + 0j, None])
def test_nothing_else_is_a_whole_number(value):
    with pytest.raises(Refusal) as caught:
        as_result(value, 1)
    assert caught.value.kind == "type"


def test_a_float_is_told_about_floor_division():
    with pytest.raises(Refusal, match="use // or int"):
        as_result(9.0, 1)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_arrays_of_real_numbers_are_taken(dtype):
    assert as_result(np.ones(2, dtype), MATRIX).dtype == dtype


def test_torch_tensors_are_taken_with_or_without_gradient():
    np.testing.assert_array_equal(as_result(torch.ones(2, requires_grad=True), MATRIX), np.ones(2))


@pytest.mark.parametrize(
    "value", [[1.0], (1.0,), 1.0, np.float64(1), np.asmatrix(MATRIX), np.ma.array(MATRIX), None, "1"]
)
def test_nothing_else_is_an_array(value):
    with pytest.raises(Refusal) as caught:
        as_result(value, MATRIX)
    assert caught.value.kind == "type"


@pytest.mark.parametrize("dtype", [object, complex, "U1", "datetime64[s]"])
def test_other_dtypes_are_refused_by_name(dtype):
    with pytest.raises(Refusal, match="expected real numbers"):
        as_result(np.zeros(2, dtype), MATRIX)


def test_a_list_is_told_how_to_become_an_array():
    with pytest.raises(Refusal, match="np.array"):
        as_result([[1.0]], MATRIX)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rounding_is_no_error(dtype):
    noisy = (MATRIX * (1 + np.finfo(dtype).eps)).astype(dtype)
    assert wrong_values(MATRIX.astype(dtype), noisy) is None
    assert (wrong_values(MATRIX, noisy) is None) == (dtype != np.float16)  # which buys no room that was not given


def test_no_message_is_longer_than_anybody_reads():
    huge = "\0" * 10**6
    for expected, got in ((None, huge), ("a", "b" * 1000), ((1,) * 5000, (2,) * 5000), (None, 10**4000)):
        assert len(str(wrong_values(expected, got))) < 10_000
    assert len(str(Refusal("error", huge))) < 10_000
    with pytest.raises(Refusal, match="a string of 1000000 characters"):
        as_result(huge, "a")


@pytest.mark.parametrize("wrong", [0.01, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_anything_larger_is(wrong, scale):
    got = MATRIX * scale
    got[1, 2] += wrong * scale
    assert "1 of 6 entries differ; the first is [1, 2]" in str(wrong_values(MATRIX * scale, got))


def test_shape_is_told_before_values():
    assert "expected shape (2, 3), got (3, 2). Rows and columns are swapped." in str(wrong_values(MATRIX, MATRIX.T))
    assert "swapped" not in str(wrong_shape(MATRIX, MATRIX[:1]))


def test_a_row_is_not_a_matrix_of_one_row():
    assert wrong_values(MATRIX[:1], MATRIX[0]).kind == "shape"


def test_numbers_and_arrays_are_never_the_same():
    assert not same(3, np.array(3))
    assert same(3, 3)
    assert not same(3, 4)


def test_an_error_is_told_with_the_last_lines():
    message = str(raised("ValueError", "no", [("f", n, f"line{n}()") for n in range(5)]))
    lines = "".join(f"\n    f, line {n}:  line{n}()" for n in (2, 3, 4))
    assert message == f"ValueError: no\nyour code raised this in{lines}"


def test_a_stub_is_not_an_error():
    assert raised("NotImplementedError", "", []).kind == "not written"


def test_a_time_limit_is_told_in_seconds():
    assert "after 0.5 seconds" in str(time_limit(0.5))


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (0.5, np.float32(0.25)),
        (0.5, np.array(0.25)),
        (0.5, torch.tensor(0.25)),
        (1.0, 2),
        (True, np.False_),
        ("a", "b"),
        (None, None),
        (None, 3),
        ((1, 2), [1, 2]),
        ((1, 2), range(1, 3)),
        ((MATRIX, 2), (MATRIX, np.int64(2))),
        ((1, 2), (1, 2, 3)),
        ((), (1, 2)),
    ],
)
def test_each_kind_of_result_is_taken_in_its_own_form(expected, value):
    got = as_result(value, expected)
    assert type(got) in (type(expected), type(value))
    assert same(got, as_result(got, expected))


@pytest.mark.parametrize(
    ("expected", "value"),
    [(0.5, True), (0.5, "0.5"), (0.5, MATRIX), (True, 1), (True, None), ("a", 1), (None, MATRIX), ((1, 2), 3),
     ((1, 2), (1, None)), ((1, 2), np.ones(2)), ((MATRIX, 1), (MATRIX, 1.0))],
)  # fmt: skip
def test_no_kind_of_result_is_taken_for_another(expected, value):
    with pytest.raises(Refusal) as caught:
        as_result(value, expected)
    assert caught.value.kind == "type"


@pytest.mark.parametrize(
    ("expected", "value", "said"),
    [
        (MATRIX, None, "it returned None, and there is an answer: did you forget `return`?"),
        ((None, 2), (None, None), "item 1 is None, and there is an answer."),
    ],
)
def test_nothing_in_the_place_of_an_answer_is_told_where_it_is(expected, value, said):
    with pytest.raises(Refusal, match=f"^{re.escape(said)}$"):
        as_result(value, expected)


def test_numbers_of_another_kind_are_never_the_same():
    values = [True, 1, 1.0, "1", None, (1,), np.array(1)]
    assert [[same(a, b) for b in values] for a in values] == np.eye(7, dtype=bool).tolist()


def test_floats_are_compared_up_to_rounding():
    assert same(0.1 + 0.2, 0.3)
    assert not same(0.3, 0.3001)
    assert same(float("inf"), float("inf"))


def test_of_a_tuple_the_item_is_named():
    refusal = wrong_values((1, MATRIX), (1, MATRIX + 1))
    assert (refusal.kind, refusal.item, str(refusal)[:7]) == ("values", 1, "item 1:")
    assert item(0, wrong_values)((1, MATRIX), (1, MATRIX + 1)) is None
    assert "expected a tuple of 2, got 1" in str(wrong_values((1, 2), (1,)))
    assert item(1, wrong_shape)((1, MATRIX), (1,)).kind == "shape"


def test_the_size_of_a_tuple_is_that_of_its_items():
    assert [size_of(v) for v in (3, MATRIX, (MATRIX, (1, 2)), ())] == [1, 6, 8, 0]
