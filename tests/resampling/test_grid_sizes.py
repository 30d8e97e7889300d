"""Sizes of outputs: torch counts windows by making them, we count by a formula."""

import inspect
from itertools import product

import numpy as np
import pytest
import scipy.signal
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from resampling.grid_sizes import (
    Layer,
    ReceptiveField,
    TransposedLayer,
    conv_output_size,
    conv_transpose_output_size,
    divisible_size,
    input_sizes,
    is_exact_factor,
    max_unpool_output_size,
    output_padding_for,
    per_axis,
    plan_encoder_decoder,
    pool_output_size,
    receptive_field,
    stack_sizes,
    unused_samples,
    upfirdn_output_size,
    whole_number,
)

GRID = list(product(range(1, 12), range(1, 5), range(1, 5), range(4), range(1, 4)))
FITS = [(n, k, s, p, d) for n, k, s, p, d in GRID if n + 2 * p > d * (k - 1)]
OPTIONS = list(product(range(1, 6), range(1, 5), range(4), range(1, 4)))
GOOD = {"length": 5, "kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1}
BAD = [-1, 1.0, 1.5, "1", None, True, [1], np.float64(1), np.True_, np.ones(2)]
CALLS = {
    conv_output_size: GOOD,
    unused_samples: GOOD,
    input_sizes: {"output_length": 3, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1},
    pool_output_size: GOOD,
    conv_transpose_output_size: GOOD | {"output_padding": 0},
    output_padding_for: GOOD | {"target": 7},
    is_exact_factor: {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1, "dilation": 1},
    max_unpool_output_size: {"length": 3, "kernel_size": 2, "stride": 2, "padding": 0},
    upfirdn_output_size: {"length": 5, "kernel_size": 3, "up": 2, "down": 2},
    Layer: {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1},
    TransposedLayer: {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1, "dilation": 1},
}
ARGUMENTS = [(function, name) for function, good in CALLS.items() for name in good]
SMALL_LAYERS = st.builds(Layer, st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2))
MANY = settings(deadline=None, max_examples=100, derandomize=True)


def size_in(torchs, *args, **options):
    """Length of the last axis that torch returns, or None where it refuses."""
    try:
        return torchs(*args, **options).shape[-1]
    except (RuntimeError, ValueError):
        return None


def size_or_none(function, *args, **options):
    """The size, or None where we refuse."""
    try:
        return function(*args, **options)
    except ValueError:
        return None


@pytest.mark.parametrize("stride", range(1, 5))
def test_size_is_torchs(stride):
    for n, k, s, p, d in (setting for setting in FITS if setting[2] == stride):
        out = F.conv1d(torch.zeros(1, n), torch.zeros(1, 1, k), stride=s, padding=p, dilation=d)
        assert conv_output_size(n, k, s, p, d) == out.shape[1]


def test_no_window_is_refused_exactly_when_the_kernel_does_not_fit():
    for setting in GRID:
        if setting not in FITS:
            with pytest.raises(ValueError, match="no window fits"):
                conv_output_size(*setting)


def test_the_inverse_image_is_what_a_search_finds():
    for k, s, p, d in OPTIONS:
        sizes = [size_or_none(conv_output_size, n, k, s, p, d) for n in range(1, 40)]
        for o in range(1, 6):
            assert list(input_sizes(o, k, s, p, d)) == [n for n, size in enumerate(sizes, 1) if size == o]


def test_the_inverse_image_has_as_many_lengths_as_the_stride():
    assert {len(input_sizes(o, 3, s, 1)) for o in (2, 3, 9) for s in [4]} == {4}
    assert list(input_sizes(1, 2, 3, 1)) == [1, 2]
    assert list(input_sizes(1, 1, 2, 3)) == []


def test_the_unused_samples_can_be_cut_off_and_one_more_cannot():
    for n, k, s, p, d in FITS:
        o, r = conv_output_size(n, k, s, p, d), unused_samples(n, k, s, p, d)
        assert r == (n + 2 * p - d * (k - 1) - 1) % s
        assert r == n + 2 * p - len(range(s * (o - 1) + d * (k - 1) + 1))


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("stride", [None, 1, 2, 3, 4])
def test_pooled_size_is_torchs_and_so_are_the_refusals(stride, ceil_mode):
    for n, k, p, d in product(range(1, 10), range(1, 6), range(4), range(1, 4)):
        expected = size_in(
            F.max_pool2d, torch.zeros(1, 1, n), (1, k), stride and (1, stride), (0, p), (1, d), ceil_mode
        )
        assert size_or_none(pool_output_size, n, k, stride, p, d, ceil_mode) == expected
        if d == 1:
            averaged = size_in(F.avg_pool1d, torch.zeros(1, n), k, stride, p, ceil_mode)
            assert size_or_none(pool_output_size, n, k, stride, p, ceil_mode=ceil_mode) == averaged


def test_pooled_size_says_what_it_refuses():
    with pytest.raises(ValueError, match="^padding must be at most half of kernel_size = 3, got 2"):
        pool_output_size(9, 3, padding=2)
    with pytest.raises(ValueError, match="^the padded input has 2 samples, but the dilated kernel spans .* = 4"):
        pool_output_size(2, 4, stride=2, ceil_mode=True)


@pytest.mark.parametrize("stride", range(1, 5))
def test_transposed_size_is_torchs_and_so_are_the_refusals(stride):
    for n, k, p, op, d in product(range(1, 6), range(1, 5), range(4), range(5), range(1, 4)):
        arguments = torch.zeros(1, n), torch.zeros(1, 1, k), None, stride, p, op, 1, d
        expected = size_in(F.conv_transpose1d, *arguments)
        assert size_or_none(conv_transpose_output_size, n, k, stride, p, op, d) == expected


def test_transposed_size_says_what_it_refuses():
    with pytest.raises(ValueError, match=r"^output_padding must be below max\(stride, dilation\) = 2, got 3"):
        conv_transpose_output_size(3, 3, 2, output_padding=3)
    with pytest.raises(ValueError, match="^padding must leave at least one of the 3 samples, got 2 on each side"):
        conv_transpose_output_size(1, 3, 1, padding=2)


def test_output_padding_returns_from_every_convolution():
    for n, k, s, p, d in FITS:
        o = conv_output_size(n, k, s, p, d)
        op = output_padding_for(n, o, k, s, p, d)
        assert op == unused_samples(n, k, s, p, d)
        assert conv_transpose_output_size(o, k, s, p, op, d) == n


def test_output_padding_gives_the_target_or_says_which_targets_there_are():
    for n, (k, s, p, d) in product(range(1, 5), OPTIONS):
        sizes = [size_or_none(conv_transpose_output_size, n, k, s, p, op, d) for op in range(max(s, d))]
        for target in range(1, 30):
            assert size_or_none(output_padding_for, target, n, k, s, p, d) == (
                sizes.index(target) if target in sizes else None
            )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((7, 3, 3, 2, 1), "^target must be from 5 to 6, .* from 3 samples; got 7"),
        ((4, 3, 3, 2, 1), "^target must be from 5 to 6, .* got 4"),
        ((9, 3, 3, 1), "^target must be 5, .* got 9"),
        ((5, 2, 1, 4, 2), "^target must be from 1 to 4, .* got 5"),
        ((1, 1, 1, 2, 3), "^padding must leave at least one of the 2 samples, got 3"),
    ],
)
def test_output_padding_names_the_sizes_that_can_be_had(arguments, words):
    with pytest.raises(ValueError, match=words):
        output_padding_for(*arguments)


def test_an_exact_factor_is_one_for_every_length():
    for k, s, p, d in OPTIONS:
        for op in range(max(s, d)):
            sizes = [size_or_none(conv_transpose_output_size, n, k, s, p, op, d) for n in range(1, 6)]
            assert is_exact_factor(k, s, p, op, d) == (sizes == [s * n for n in range(1, 6)])


def test_a_textbook_rule_breaks_without_the_residue():
    assert conv_transpose_output_size(conv_output_size(17, 5, 3, 2), 5, 3, 2) == 16
    assert output_padding_for(17, 6, 5, 3, 2) == unused_samples(17, 5, 3, 2) == 1


def test_unpooled_size_is_torchs():
    for n, k, s, p in product(range(1, 5), range(1, 5), [None, 1, 2, 3], range(3)):
        expected = size_in(F.max_unpool1d, torch.zeros(1, n), torch.zeros(1, n, dtype=torch.int64), k, s, p)
        assert size_or_none(max_unpool_output_size, n, k, s, p) == (expected or None)


def test_upfirdn_size_is_that_of_the_literal_operation():
    for n, k, up, down in product(range(1, 6), range(1, 6), range(1, 4), range(1, 4)):
        for before, after in product(range(-2, 4), repeat=2):
            room = up * n + before + after
            expected = len(np.convolve(np.zeros(room), np.zeros(k), "valid")[::down]) if room >= k else None
            assert size_or_none(upfirdn_output_size, n, k, up, down, (before, after)) == expected
        scipys = scipy.signal.upfirdn(np.ones(k), np.ones(n), up, down).size
        assert upfirdn_output_size(n, k, up, down, (k - 1, k - up)) == scipys
        assert upfirdn_output_size(n, k, up, down, k) == upfirdn_output_size(n, k, up, down, [k, k])


@pytest.mark.parametrize("padding", [(1, 2, 3), (1,), (), (1, 2.0), "12", 1.0, None, True])
def test_upfirdn_refuses_other_paddings(padding):
    with pytest.raises(ValueError, match="^padding must be"):
        upfirdn_output_size(5, 3, padding=padding)


@pytest.mark.parametrize("length", [1, 2, 5, 16, 17, 31])
def test_sizes_of_a_stack_are_torchs(length):
    layers = [
        Layer(3, 2, 1),
        Layer(2, padding=1, dilation=2),
        TransposedLayer(3, 2, 1, 1),
        TransposedLayer(2, 1, 0, 1, 2),
    ]
    x, sizes = torch.zeros(1, length), [length]
    for layer in layers:
        weight, s, p, d = torch.zeros(1, 1, layer.kernel_size), layer.stride, layer.padding, layer.dilation
        if isinstance(layer, Layer):
            x = F.conv1d(x, weight, None, s, p, d)
        else:
            x = F.conv_transpose1d(x, weight, None, s, p, layer.output_padding, 1, d)
        sizes.append(x.shape[1])
    assert stack_sizes(length, layers) == tuple(sizes)


def test_a_stack_says_which_layer_gets_too_little():
    with pytest.raises(ValueError, match=r"^layers\[2\] = Layer\(kernel_size=2, .* gets 1 samples: .*no window fits"):
        stack_sizes(5, [Layer(2, 2)] * 3)
    with pytest.raises(ValueError, match="^length must be"):
        stack_sizes(0, [])


@MANY
@given(st.integers(1, 60), st.lists(SMALL_LAYERS, max_size=5))
def test_a_plan_goes_down_and_returns_by_the_same_sizes(length, encoder):
    if size_or_none(stack_sizes, length, encoder) is None:
        return
    down, up = plan_encoder_decoder(length, encoder)
    assert down == stack_sizes(length, encoder)
    assert stack_sizes(down[-1], up) == down[::-1]
    assert [layer.output_padding < layer.stride for layer in up] == [True] * len(encoder)
    for layer, mirrored in zip(encoder, up[::-1], strict=True):
        assert layer == Layer(mirrored.kernel_size, mirrored.stride, mirrored.padding, mirrored.dilation)


def test_a_plan_takes_another_decoder():
    down, up = plan_encoder_decoder(7, [Layer(3, 2, 1), Layer(2, 2)], decoder=[Layer(2, 2), Layer(3, 2, 1)])
    assert (down, [layer.output_padding for layer in up]) == ((7, 4, 2), [0, 0])
    down, up = plan_encoder_decoder(15, [Layer(2, 2)] * 2, decoder=(Layer(4, 2, 1),) * 2)
    assert (down, [layer.output_padding for layer in up]) == ((15, 7, 3), [1, 1])


def test_a_plan_refuses_a_decoder_that_does_not_fit():
    with pytest.raises(ValueError, match="^decoder must have as many layers as encoder, 2; got 1"):
        plan_encoder_decoder(16, [Layer(2, 2)] * 2, [Layer(2, 2)])
    with pytest.raises(ValueError, match="^target must be from 21 to 22, .* got 16"):
        plan_encoder_decoder(16, [Layer(2, 2)], [Layer(7, 2)])


@MANY
@given(st.integers(1, 40), st.lists(SMALL_LAYERS, max_size=4))
def test_the_divisible_size_is_the_first_without_a_rest(length, layers):
    def fits(n):
        sizes = size_or_none(stack_sizes, n, layers)
        return sizes and not any(
            unused_samples(size, layer.kernel_size, layer.stride, layer.padding, layer.dilation)
            for size, layer in zip(sizes, layers, strict=False)
        )

    expected = next(n for n in range(length, 1000) if fits(n))
    assert divisible_size(length, layers) == expected
    assert all(layer.output_padding == 0 for layer in plan_encoder_decoder(expected, layers)[1])


def test_the_divisible_size_leaves_every_layer_a_sample():
    for k, p, s in product((1, 5, 9), (0, 3, 4), (1, 2)):
        layers = [Layer(k, s), Layer(1, s, p)]
        fits = (n for n in range(2, 99) if size_or_none(plan_encoder_decoder, n, layers))
        expected = next(n for n in fits if not any(up.output_padding for up in plan_encoder_decoder(n, layers)[1]))
        assert divisible_size(2, layers) == expected


def test_the_divisible_size_of_halvings_is_a_multiple_of_their_power():
    assert [divisible_size(n, [Layer(2, 2)] * 4) for n in (1, 16, 17, 224, 225)] == [16, 16, 32, 224, 240]


@MANY
@given(st.lists(SMALL_LAYERS, min_size=1, max_size=4), st.integers(0, 3))
def test_the_receptive_field_is_where_the_gradient_is_not_zero(layers, middle):
    """Far from the border output i reads just its window; near it, nothing outside the window."""
    x = torch.zeros(1, 900, dtype=torch.float64, requires_grad=True)
    y = x
    for field, layer in zip(receptive_field(layers), layers, strict=True):
        weight = torch.ones(1, 1, layer.kernel_size, dtype=torch.float64)
        y = F.conv1d(y, weight, None, layer.stride, layer.padding, layer.dilation)
        inside = next(i for i in range(y.shape[1]) if field.window(i)[0] >= 100) + middle
        for i in (0, 1, inside, y.shape[1] - 1):
            (gradient,) = torch.autograd.grad(y[0, i], x, retain_graph=True)
            reads, window = np.flatnonzero(gradient[0].numpy()), field.window(i)
            assert set(reads) <= set(window)
            assert i != inside or (reads[0], reads[-1]) == (window[0], window[-1])


def test_the_receptive_field_grows_layer_by_layer():
    fields = receptive_field([Layer(3, 1, 1), Layer(2, 2), Layer(3, 1, 1), Layer(2, 2)])
    assert [field.size for field in fields] == [3, 4, 8, 10]
    assert [field.stride for field in fields] == [1, 2, 2, 4]
    assert [field.start for field in fields] == [-1, -1, -3, -3]
    assert receptive_field([]) == ()
    assert ReceptiveField(3, 2, -1).window(4) == range(7, 10)


def test_the_receptive_field_refuses_transposed_layers():
    with pytest.raises(ValueError, match="^layers must be of the class Layer, got TransposedLayer"):
        receptive_field([Layer(3), TransposedLayer(2, 2)])


def test_the_result_is_exact_for_sizes_beyond_floating_point():
    assert conv_output_size(10**30 + 1, 1, 2) == (10**30) // 2 + 1
    assert conv_transpose_output_size(10**30, 3, 2) == 2 * 10**30 + 1
    assert divisible_size(10**30 + 1, [Layer(2, 2)]) == 10**30 + 2


@pytest.mark.parametrize("function", CALLS)
def test_numpy_integers_are_whole_numbers(function):
    expected = function(**CALLS[function])
    for dtype in (np.int64, np.uint8, np.int8):
        got = function(**{name: dtype(value) for name, value in CALLS[function].items()})
        assert got == expected
        assert type(got) is type(expected)


@pytest.mark.parametrize(("function", "name"), ARGUMENTS)
def test_a_bad_argument_is_refused_by_its_name(function, name):
    for value in BAD:
        if value is None and inspect.signature(function).parameters[name].default is None:
            continue
        with pytest.raises(ValueError, match=f"^{name} must be a whole number"):
            function(**CALLS[function] | {name: value})


@pytest.mark.parametrize(("function", "name"), [a for a in ARGUMENTS if "padding" not in a[1]])
def test_zero_is_refused_where_one_is_the_least(function, name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number >= 1, got 0"):
        function(**CALLS[function] | {name: 0})


def test_layers_of_small_numpy_integers_do_not_overflow():
    layers, small = [Layer(3, 4, 1)] * 6, [Layer(np.int8(3), np.uint8(4), np.int8(1))] * 6
    assert receptive_field(small) == receptive_field(layers)
    assert divisible_size(np.int16(9), small) == divisible_size(9, layers)
    assert plan_encoder_decoder(np.int16(9999), small) == plan_encoder_decoder(9999, layers)


def test_layers_cannot_be_changed():
    for item in (Layer(3), TransposedLayer(3), ReceptiveField(1, 1, 0)):
        with pytest.raises(AttributeError):
            item.stride = 2


def test_the_message_shows_the_value():
    with pytest.raises(ValueError, match="got 2.5"):
        whole_number("stride", 2.5, 1)


@pytest.mark.parametrize("value", [3, [3], (3,), (3, 3)])
def test_one_number_stands_for_every_axis(value):
    assert per_axis("stride", value, 2, 1) == (3, 3)


@pytest.mark.parametrize("value", [(1, 2, 3), (), "12", (1, 2.0), (1, 0)])
def test_other_counts_and_other_numbers_are_refused(value):
    with pytest.raises(ValueError, match="stride must be"):
        per_axis("stride", value, 2, 1)


@pytest.mark.parametrize("layers", [None, 3, "x", [3], [None], (Layer(3), 2)], ids=repr)
def test_what_is_no_sequence_of_layers_is_refused_by_its_name(layers):
    for call in (
        lambda: stack_sizes(9, layers),
        lambda: receptive_field(layers),
        lambda: divisible_size(9, layers),
    ):
        with pytest.raises(ValueError, match="^layers must be of the class Layer"):
            call()
    with pytest.raises(ValueError, match="^encoder must be of the class Layer, got"):
        plan_encoder_decoder(9, layers)


def test_a_decoder_of_other_things_is_refused():
    with pytest.raises(ValueError, match="^decoder must be of the class Layer, got 3"):
        plan_encoder_decoder(9, [Layer(3)], [3])


@pytest.mark.parametrize("value", [1, None, "yes", np.True_], ids=repr)
def test_rounding_up_is_true_or_false(value):
    with pytest.raises(ValueError, match="^ceil_mode must be True or False"):
        pool_output_size(5, 2, ceil_mode=value)
