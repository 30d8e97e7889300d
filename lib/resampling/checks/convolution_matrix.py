"""Tasks of the chapter on the convolution matrix."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from resampling import conv_matrix1d, conv_matrix2d, conv_output_size, count_nonzeros, sampling_matrix
from resampling.checks import make_check
from resampling.checks.cases import distinct
from resampling.checks.forbidden import LIBRARIES
from resampling.checks.refusals import wrong_dtype, wrong_shape, wrong_values
from resampling.checks.task import Arguments, Cases, Mistake, Property, Task

Array = np.ndarray

TRANSPOSED = (
    "rows and columns swapped",
    "A row belongs to one output and a column to one input, so that C @ x works. You built the transpose, which maps "
    "outputs back to inputs; chapter 8 has a use for it.",
    "Rows ask, columns answer",
)
FLIPPED = (
    "kernel flipped",
    "This is convolution as signal processing defines it. Deep learning does not flip: the first tap multiplies the "
    "first sample of the window.",
    "The flip that is not there",
)


# --------------------------------------------------------------------------- sampling_matrix


def _sampling(phases: tuple[int, int]) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        first = max(1, phases[0])
        corners = [(6, 2, phases[0]), (5, 2, first if phases[1] > 1 else 0), (7, 3, phases[0]), (3, 5, phases[0])]
        corners += [(7, 2, 3)] * (phases[1] > 1)
        more = [(int(rng.integers(6, 30)), int(rng.integers(2, 8)), int(rng.integers(*phases))) for _ in range(6)]
        for length, stride, phase in corners + more:
            yield {"length": length, "stride": stride} | ({"phase": phase} if phase else {})

    return draw


ROWS = "how many elements has range(phase, length, stride)? A shape needs whole numbers: divide with //."


def _rows_by_true_division(length: int, stride: int, phase: int = 0) -> Array:
    return np.zeros(((length - phase) / stride, length))


def _phase_subtracted(length: int, stride: int, phase: int = 0) -> Array:
    matrix = np.zeros_like(sampling_matrix(length, stride, phase))
    for i in range(len(matrix)):
        matrix[i, stride * i - phase] = 1
    return matrix


def _rows_by_floor(length: int, stride: int, phase: int = 0) -> Array:
    return sampling_matrix(length, stride, phase)[: length // stride]


def _phase_ignored(length: int, stride: int, phase: int = 0) -> Array:
    full = sampling_matrix(length, stride)
    return full[: len(sampling_matrix(length, stride, phase))]


def _rows_without_phase(length: int, stride: int, phase: int = 0) -> Array:
    picked = sampling_matrix(length, stride, phase)
    missing = -(-length // stride) - len(picked)
    return np.vstack([picked, np.zeros((missing, length))])


def _mean_of_blocks(length: int, stride: int, phase: int = 0) -> Array:
    picked = sampling_matrix(length, stride, phase)
    return sum(np.roll(np.pad(picked, ((0, 0), (0, stride))), t, axis=1)[:, :length] for t in range(stride)) / stride


def _zeros_kept(length: int, stride: int, phase: int = 0) -> Array:
    picked = sampling_matrix(length, stride, phase)
    return picked.T @ picked


SAMPLING_MATRIX = Task(
    reference=sampling_matrix,
    summary="the matrix that keeps every `stride`-th sample, beginning at `phase`.",
    properties=(
        Property("one row for each sample that is kept", 1, _sampling((0, 1)), wrong_shape, ROWS),
        Property(
            "keeps samples 0, s, 2s, …",
            1,
            _sampling((0, 1)),
            wrong_values,
            "row i holds a single 1, where the i-th sample that is kept stands.",
        ),
        Property("begins at the phase", 1, _sampling((1, 3)), wrong_values, "row 0 keeps x[phase]."),
    ),
    mistakes=(
        Mistake(
            "the last sample is dropped",
            _rows_by_floor,
            "n / s was rounded down. With n = 5 and s = 2, samples 0, 2 and 4 are kept: round up.",
        ),
        Mistake(
            "the phase is ignored",
            _phase_ignored,
            "The first sample kept is x[phase], not x[0]: shift every column by it.",
        ),
        Mistake("the phase is subtracted", _phase_subtracted, "Beginning later means further right: add the phase."),
        Mistake(
            "a number of rows that is not whole",
            _rows_by_true_division,
            "In Python, / gives a float, and a shape must be whole. Divide with //, and mind which way it rounds.",
        ),
        Mistake(
            "too many rows",
            _rows_without_phase,
            "A row of zeros keeps no sample. Only n - phase samples are left once you begin at the phase.",
        ),
        Mistake(
            "samples are averaged",
            _mean_of_blocks,
            "That is average pooling. Sampling keeps one sample of each block and forgets the others.",
        ),
        Mistake(
            "dropped samples became zeros",
            _zeros_kept,
            "The result of S @ x should be shorter than x. Yours keeps the length and sets the rest to 0.",
        ),
        Mistake(TRANSPOSED[0], lambda *a, **k: sampling_matrix(*a, **k).T, *TRANSPOSED[1:]),
    ),
    forbidden=LIBRARIES,
    section="A stride is a convolution, then sampling",
)

# --------------------------------------------------------------------------- conv_matrix1d


def _kernels(*fixed: tuple[int, int, dict[str, int]], dtype: Any = np.float64, **spans: tuple[int, int]) -> Cases:
    """The given (taps, length, options), then four random ones with options in `spans`."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for taps, length, options in fixed:
            yield {"weight": distinct(rng, taps, dtype=dtype), "length": length, **options}
        for _ in range(4):
            options = {name: int(rng.integers(*span)) for name, span in spans.items()}
            taps = int(rng.integers(2, 5))
            reach = options.get("dilation", 1) * (taps - 1) + 1
            options["padding"] = min(options.get("padding", 0), reach - 1)
            length = reach + int(rng.integers(2, 6))
            yield {"weight": distinct(rng, taps, dtype=dtype), "length": length} | {
                k: v for k, v in options.items() if v
            }

    return draw


def _of_dtypes(*dtypes: Any) -> Cases:
    """Kernels of each dtype in turn."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for dtype in dtypes:
            yield from _kernels((2, 4, {}), dtype=dtype)(rng)

    return draw


def _placed(column: Callable[..., int], rows: Callable[..., int] = conv_output_size) -> Callable[..., Array]:
    """The matrix of somebody who puts tap t of row i into ``column(i, t, stride, padding, dilation, length)``."""

    def wrong(weight: Array, length: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Array:
        matrix = np.zeros((rows(length, len(weight), stride, padding, dilation), length), weight.dtype)
        for i, t in np.ndindex(len(matrix), len(weight)):
            j = column(i, t, stride, padding, dilation, length)
            if 0 <= j < length:
                matrix[i, j] = weight[t]
        return matrix

    return wrong


def _wrapped(i: int, t: int, s: int, p: int, d: int, n: int) -> int:
    j = s * i + d * t - p
    return j + n if j < 0 else j


def _rows_rounded_up(n: int, k: int, s: int, p: int, d: int) -> int:
    return -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1


def _rows_without_dilation(n: int, k: int, s: int, p: int, d: int) -> int:
    del d
    return conv_output_size(n, k, s, p)


def _rows_one_short(n: int, k: int, s: int, p: int, d: int) -> int:
    return conv_output_size(n, k, s, p, d) - 1


def _rows_without_padding(n: int, k: int, s: int, p: int, d: int) -> int:
    del p
    return max(0, (n - d * (k - 1) - 1) // s + 1)


def _rows_not_whole(n: int, k: int, s: int, p: int, d: int) -> float:
    return (n + 2 * p - d * (k - 1) - 1) / s + 1


def _no_border(weight: Array, length: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Array:
    matrix = np.zeros((conv_output_size(length, len(weight), stride, padding, dilation), length), weight.dtype)
    for i, t in np.ndindex(len(matrix), len(weight)):
        matrix[i, stride * i + dilation * t - padding] = weight[t]
    return matrix


def _cut_to_nothing(weight: Array, length: int, padding: int = 0, **options: int) -> Array:
    return conv_matrix1d(weight, length + 2 * padding, **options)[:, padding : -padding or 0]


def _padding_columns_kept(weight: Array, length: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Array:
    return conv_matrix1d(weight, length + 2 * padding, stride=stride, dilation=dilation)


def _whole_numbers(weight: Array, length: int, **options: int) -> Array:
    return conv_matrix1d(weight, length, **options).astype(int)


CONV_MATRIX1D = Task(
    reference=conv_matrix1d,
    summary="the matrix C with C @ x equal to the convolution of x with `weight`.",
    properties=(
        Property(
            "the kernel moves one step a row",
            1,
            _kernels((2, 3, {}), (1, 3, {}), (3, 3, {})),
            wrong_values,
            "row i of C is the kernel, beginning in column i.",
        ),
        Property(
            "stride",
            1,
            _kernels((2, 6, {"stride": 2}), (3, 6, {"stride": 2}), (2, 9, {"stride": 3}), stride=(2, 4)),
            wrong_values,
            "window i begins s * i samples after window 0.",
        ),
        Property(
            "padding",
            1,
            _kernels((3, 4, {"padding": 1}), (3, 1, {"padding": 1}), (4, 5, {"padding": 3}), padding=(1, 3)),
            wrong_values,
            "window 0 begins at sample -p; what lies outside x has no column.",
        ),
        Property(
            "dilation",
            1,
            _kernels((2, 5, {"dilation": 2}), (3, 7, {"dilation": 3}), dilation=(2, 4)),
            wrong_values,
            "neighbouring taps stand d samples apart, so the kernel spans d * (k - 1) + 1 samples.",
        ),
        Property(
            "all of them together",
            0.5,
            _kernels(
                (3, 8, {"stride": 2, "padding": 1, "dilation": 2}), stride=(2, 4), padding=(1, 4), dilation=(2, 4)
            ),
            wrong_values,
        ),
        Property("the dtype is the kernel's", 0.5, _of_dtypes(np.float32, np.float64), wrong_dtype),
    ),
    mistakes=(
        Mistake(FLIPPED[0], lambda weight, length, **k: conv_matrix1d(weight[::-1].copy(), length, **k), *FLIPPED[1:]),
        Mistake(TRANSPOSED[0], lambda *a, **k: conv_matrix1d(*a, **k).T, *TRANSPOSED[1:]),
        Mistake(
            "windows move by one sample",
            _placed(lambda i, t, s, p, d, n: i + d * t - p),
            "You made the right number of rows, but from row to row the kernel moves `stride` samples, not one.",
        ),
        Mistake(
            "padding shifts the wrong way",
            _placed(lambda i, t, s, p, d, n: s * i + d * t + p),
            "Padding puts zeros before x[0], so the first window begins at sample -p: subtract the padding.",
        ),
        Mistake(
            "padding adds rows but shifts nothing",
            _placed(lambda i, t, s, p, d, n: s * i + d * t),
            "Padding makes more windows and also moves the first one: it begins at sample -p, not at 0.",
        ),
        Mistake(
            "padding wraps around",
            _placed(_wrapped),
            "C[i, -1] is Python's last column. A tap over the padding meets a zero, so it has no column: skip it.",
            "Wrapping around",
        ),
        Mistake(
            "no check at the border",
            _no_border,
            "A tap that hangs over the border has no column. Test 0 <= j < length before you write to C[i, j]; "
            "and remember that C[i, -1] is Python's last column.",
        ),
        Mistake(
            "the cut takes everything",
            _cut_to_nothing,
            "C[:, p:-p] is empty when p = 0. Cut with C[:, p : p + n] instead.",
        ),
        Mistake(
            "stride multiplies the taps too",
            _placed(lambda i, t, s, p, d, n: s * (i + d * t) - p),
            "The stride moves the window, not the taps in it: tap t stands d * t after the beginning of the window.",
        ),
        Mistake(
            "one window too few",
            _placed(lambda i, t, s, p, d, n: s * i + d * t - p, _rows_one_short),
            "The + 1 in the formula for o counts the window at the beginning.",
        ),
        Mistake(
            "padding left out of the size",
            _placed(lambda i, t, s, p, d, n: s * i + d * t - p, _rows_without_padding),
            "Windows may hang over the border by p samples on each side, so there are more of them.",
        ),
        Mistake(
            "a number of windows that is not whole",
            _placed(lambda i, t, s, p, d, n: s * i + d * t - p, _rows_not_whole),
            "In Python, / gives a float, and a shape must be whole. Divide with //, which rounds down.",
        ),
        Mistake(
            "columns for the padding",
            _padding_columns_kept,
            "The padding is no part of x. Its columns would multiply zeros: leave them out, so that C has n columns.",
        ),
        Mistake(
            "dilation ignored between the taps",
            _placed(lambda i, t, s, p, d, n: s * i + t - p),
            "The number of rows is right, but neighbouring taps should be `dilation` samples apart.",
        ),
        Mistake(
            "dilation left out of the size",
            _placed(lambda i, t, s, p, d, n: s * i + d * t - p, _rows_without_dilation),
            "A dilated kernel spans d(k-1)+1 samples, not k, so fewer windows fit.",
        ),
        Mistake(
            "one window too many",
            _placed(lambda i, t, s, p, d, n: s * i + d * t - p, _rows_rounded_up),
            "The number of rows was rounded up. The last window must fit whole, so round down.",
        ),
        Mistake(
            "entries cut to whole numbers",
            _whole_numbers,
            "The matrix was made with an integer dtype, which drops the digits behind the point: use weight.dtype.",
        ),
    ),
    forbidden=LIBRARIES,
    section="The general matrix, in one dimension",
)

# --------------------------------------------------------------------------- conv_matrix2d


def _pictures(*fixed: tuple[tuple[int, int], tuple[int, int], dict[str, Any]]) -> Cases:
    """The given (kernel, picture, options), then two whose picture is larger by a random number of pixels."""

    def draw(rng: Generator) -> Iterator[Arguments]:
        for kernel, size, options in fixed:
            yield {"weight": distinct(rng, *kernel), "size": size, **options}
        kernel, size, options = fixed[-1]
        for _ in range(2):
            grown = size[0] + int(rng.integers(0, 2)), size[1] + int(rng.integers(1, 4))
            yield {"weight": distinct(rng, *kernel), "size": grown, **options}

    return draw


def _flat(
    weight: Array,
    size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    *,
    row_length: int,
) -> Array:
    """The matrix of somebody who puts pixel (y, x) into column ``y * row_length + x`` and checks only that."""
    outs = [conv_output_size(*args) for args in zip(size, weight.shape, stride, padding, strict=True)]
    matrix = np.zeros((outs[0] * outs[1], size[0] * size[1]), weight.dtype)
    for i, j, a, b in np.ndindex(*outs, *weight.shape):
        column = (stride[0] * i + a - padding[0]) * row_length + stride[1] * j + b - padding[1]
        if 0 <= column < matrix.shape[1]:
            matrix[i * outs[1] + j, column] = weight[a, b]
    return matrix


def _outputs_numbered_by(order: Callable[[int, int, int, int], int]) -> Callable[..., Array]:
    """The matrix of somebody who gives output (i, j) of (oH, oW) the row ``order(i, j, oH, oW)``."""

    def wrong(weight: Array, size: tuple[int, int], **options: Any) -> Array:
        right = conv_matrix2d(weight, size, **options)
        pairs = zip(size, weight.shape, options.get("stride", (1, 1)), options.get("padding", (0, 0)), strict=True)
        outs = [conv_output_size(*pair) for pair in pairs]
        matrix = np.zeros_like(right)
        for i, j in np.ndindex(*outs):
            matrix[order(i, j, *outs)] += right[i * outs[1] + j]
        return matrix

    return wrong


def _padding_pixels_kept(
    weight: Array, size: tuple[int, int], padding: tuple[int, int] = (0, 0), **options: Any
) -> Array:
    return conv_matrix2d(weight, tuple(n + 2 * p for n, p in zip(size, padding, strict=True)), **options)


def _one_option_for_both(weight: Array, size: tuple[int, int], **options: Any) -> Array:
    return conv_matrix2d(weight, size, **{name: (value[0], value[0]) for name, value in options.items()})


def _column_after_column(weight: Array, size: tuple[int, int], **options: Any) -> Array:
    swapped = {name: value[::-1] for name, value in options.items()}
    return conv_matrix2d(weight.T.copy(), size[::-1], **swapped)


def _axes_of_options_swapped(weight: Array, size: tuple[int, int], **options: Any) -> Array:
    return conv_matrix2d(weight, size, **{name: value[::-1] for name, value in options.items()})


CONV_MATRIX2D = Task(
    reference=conv_matrix2d,
    summary="the matrix C with C @ x.ravel() equal to the 2-D convolution of the picture x, row after row.",
    properties=(
        Property(
            "one kernel on a picture, square or not",
            2,
            _pictures(((2, 2), (3, 3), {}), ((1, 2), (2, 3), {}), ((3, 2), (4, 5), {})),
            wrong_values,
            "pixel (y, x) is number y * W + x. Which pixels does window (i, j) see?",
        ),
        Property(
            "padding, its own on each axis",
            1,
            _pictures(
                ((2, 3), (3, 3), {"padding": (0, 1)}),
                ((3, 2), (3, 2), {"padding": (2, 1)}),
                ((2, 2), (3, 4), {"padding": (1, 0)}),
            ),
            wrong_values,
        ),
        Property(
            "stride, its own on each axis",
            1,
            _pictures(((2, 2), (5, 5), {"stride": (2, 1)}), ((2, 3), (5, 6), {"stride": (3, 2)})),
            wrong_values,
        ),
        Property(
            "both together",
            1,
            _pictures(
                ((2, 3), (5, 4), {"stride": (2, 1), "padding": (0, 1)}),
                ((3, 2), (4, 6), {"stride": (1, 2), "padding": (2, 1)}),
            ),
            wrong_values,
        ),
    ),
    mistakes=(
        Mistake(
            FLIPPED[0], lambda weight, size, **k: conv_matrix2d(weight[::-1, ::-1].copy(), size, **k), *FLIPPED[1:]
        ),
        Mistake(
            "kernel transposed",
            lambda weight, size, **k: conv_matrix2d(weight.T.copy(), size, **k),
            "weight[a, b] has its row first: a counts downwards, b to the right.",
        ),
        Mistake(TRANSPOSED[0], lambda *a, **k: conv_matrix2d(*a, **k).T, *TRANSPOSED[1:]),
        Mistake(
            "pixels taken column after column",
            _column_after_column,
            "x.ravel() goes along the rows: pixel (y, x) is number y * W + x, and outputs are counted in the same way.",
        ),
        Mistake(
            "height and width mixed up",
            lambda weight, size, **k: _flat(weight, size, row_length=size[0], **k),
            "A picture row holds W pixels: pixel (y, x) is number y * W + x, not y * H + x. Squares hide it.",
        ),
        Mistake(
            "outputs numbered with the wrong width",
            _outputs_numbered_by(lambda i, j, rows, columns: i * rows + j),
            "One row of the output holds oW numbers: output (i, j) is number i * oW + j, not i * oH + j.",
        ),
        Mistake(
            "outputs taken column after column",
            _outputs_numbered_by(lambda i, j, rows, columns: j * rows + i),
            "The pixels go along the rows, and so must the outputs: (i, j) is number i * oW + j.",
        ),
        Mistake(
            "columns for the padding",
            _padding_pixels_kept,
            "The padding is no part of x. Its columns would multiply zeros: leave them out, and C has H * W columns.",
        ),
        Mistake(
            "the first of the pair on both axes",
            _one_option_for_both,
            "stride and padding are pairs: the second number belongs to the horizontal axis.",
        ),
        Mistake(
            "windows wrap to the next row",
            lambda weight, size, **k: _flat(weight, size, row_length=size[1], **k),
            "A tap over the left or right padding landed in the next picture row. Check y and x, each by itself.",
        ),
        Mistake(
            "vertical and horizontal options swapped",
            _axes_of_options_swapped,
            "stride[0] and padding[0] belong to the vertical axis, [1] to the horizontal one.",
        ),
    ),
    forbidden=LIBRARIES,
    section="Two dimensions",
)

# --------------------------------------------------------------------------- conv_matrix_channels


def conv_matrix_channels(weight: Array, length: int, stride: int = 1, padding: int = 0, groups: int = 1) -> Array:
    """`conv_matrix1d` of a weight with channels, (C_out, C_in / groups, k)."""
    return conv_matrix1d(weight, length, stride=stride, padding=padding, groups=groups)


def _channels(*fixed: tuple[tuple[int, int, int], int, dict[str, int]]) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        for shape, length, options in fixed:
            yield {"weight": distinct(rng, *shape), "length": length, **options}
        shape, length, options = fixed[-1]
        for _ in range(2):
            yield {"weight": distinct(rng, *shape), "length": length + int(rng.integers(1, 4)), **options}

    return draw


def _blocks(weight: Array, length: int, options: dict[str, int], reads: Callable[[int, int], int]) -> Array:
    """The matrix of somebody whose output channel m reads the group ``reads(m, groups)``."""
    groups = options.pop("groups", 1)
    outputs, share, _ = weight.shape
    one = conv_matrix1d(weight[0, 0], length, **options).shape
    matrix = np.zeros((outputs, one[0], groups * share, length), weight.dtype)
    for m, c in np.ndindex(outputs, share):
        matrix[m, :, reads(m, groups) * share + c] = conv_matrix1d(weight[m, c], length, **options)
    return matrix.reshape(outputs * one[0], -1)


def _channels_last(weight: Array, length: int, groups: int = 1, **options: int) -> Array:
    matrix = conv_matrix1d(weight, length, groups=groups, **options)
    outputs, inputs = weight.shape[0], weight.shape[1] * groups
    blocks = matrix.reshape(outputs, -1, inputs, length)
    return blocks.transpose(1, 0, 3, 2).reshape(matrix.shape)


def _first_kernel_for_all(weight: Array, length: int, **options: int) -> Array:
    return conv_matrix1d(np.repeat(weight[:, :1], weight.shape[1], axis=1), length, **options)


CONV_MATRIX_CHANNELS = Task(
    reference=conv_matrix_channels,
    summary="the matrix of a convolution with several channels and groups; x is flattened channel after channel.",
    properties=(
        Property(
            "several channels in and out",
            1.5,
            _channels(((2, 1, 2), 3, {}), ((1, 2, 2), 3, {}), ((3, 2, 2), 4, {})),
            wrong_values,
        ),
        Property(
            "groups",
            1.5,
            _channels(((2, 1, 2), 3, {"groups": 2}), ((4, 1, 2), 3, {"groups": 2}), ((6, 2, 3), 4, {"groups": 3})),
            wrong_values,
        ),
        Property(
            "stride, padding and groups together",
            1,
            _channels(((4, 2, 3), 5, {"stride": 2, "padding": 1, "groups": 2})),
            wrong_values,
        ),
    ),
    mistakes=(
        Mistake(
            FLIPPED[0],
            lambda weight, length, **k: conv_matrix_channels(weight[..., ::-1].copy(), length, **k),
            *FLIPPED[1:],
        ),
        Mistake(TRANSPOSED[0], lambda *a, **k: conv_matrix_channels(*a, **k).T, *TRANSPOSED[1:]),
        Mistake(
            "input and output channels swapped",
            lambda weight, length, **k: conv_matrix_channels(weight.transpose(1, 0, 2).copy(), length, **k),
            "weight[m, c] is the kernel from input channel c to output channel m: m chooses the block row.",
        ),
        Mistake(
            "channels interleaved",
            _channels_last,
            "x.ravel() of a (channels, samples) array lists all samples of channel 0, then all of channel 1.",
        ),
        Mistake(
            "every group reads the first channels",
            lambda weight, length, **k: _blocks(weight, length, k, lambda m, g: 0),
            "Group q reads its own input channels, q * C_in/groups and the following ones.",
        ),
        Mistake(
            "groups dealt like cards",
            lambda weight, length, **k: _blocks(weight, length, k, lambda m, g: m % g),
            "Output channels of a group stand together: channel m is in group m // (C_out / groups), not m % groups.",
        ),
        Mistake(
            "wrong size of a group",
            lambda weight, length, **k: _blocks(weight, length, k, lambda m, g: min(m // g, g - 1)),
            "A group has C_out // groups output channels, so channel m is in group m // (C_out // groups).",
        ),
        Mistake(
            "groups ignored",
            lambda weight, length, groups=1, **k: conv_matrix1d(weight, length, **k) if groups else None,
            "The matrix needs columns for all C_in = groups * weight.shape[1] input channels.",
        ),
        Mistake(
            "one kernel for all input channels",
            _first_kernel_for_all,
            "Each pair of channels has its own kernel: block (m, c) is the matrix of weight[m, c].",
        ),
    ),
    forbidden=LIBRARIES,
    section="Channels and groups",
)

# --------------------------------------------------------------------------- count_nonzeros


def _counts(*options: dict[str, int]) -> Cases:
    def draw(rng: Generator) -> Iterator[Arguments]:
        yield from options
        for _ in range(3):
            grown = dict(options[-1])
            grown["length"] += int(rng.integers(1, 9))
            yield grown

    return draw


def _one_border(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    o = conv_output_size(length, kernel_size, stride, padding, dilation)
    before = (max(0, -((dilation * t - padding) // stride)) for t in range(kernel_size))
    return sum(o - min(o, hanging) for hanging in before)


def _negative_counts(length: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    o = conv_output_size(length, kernel_size, stride, padding, dilation)
    starts = [dilation * t - padding for t in range(kernel_size)]
    return sum(min(o - 1, (length - 1 - start) // stride) - max(0, -(start // stride)) + 1 for start in starts)


def _times_kernel(length: int, kernel_size: int, **options: int) -> int:
    return conv_output_size(length, kernel_size, **options) * kernel_size


COUNT_NONZEROS = Task(
    reference=count_nonzeros,
    summary="how many entries of the 1-D convolution matrix a kernel without zeros fills.",
    properties=(
        Property(
            "no padding",
            0.5,
            _counts({"length": 5, "kernel_size": 3}, {"length": 9, "kernel_size": 2, "stride": 3}),
            wrong_values,
        ),
        Property(
            "padding",
            1,
            _counts(
                {"length": 5, "kernel_size": 3, "padding": 1},
                {"length": 2, "kernel_size": 5, "padding": 4},
                {"length": 1, "kernel_size": 7, "padding": 3},
                {"length": 8, "kernel_size": 4, "padding": 3},
            ),
            wrong_values,
        ),
        Property(
            "stride, padding and dilation together",
            1,
            _counts(
                {"length": 9, "kernel_size": 3, "stride": 2, "padding": 2, "dilation": 2},
                {"length": 3, "kernel_size": 3, "stride": 4, "padding": 1},
                {"length": 3, "kernel_size": 4, "stride": 3, "padding": 6, "dilation": 2},
                {"length": 11, "kernel_size": 4, "stride": 3, "padding": 5, "dilation": 3},
            ),
            wrong_values,
        ),
        Property(
            "10¹² samples, without building the matrix",
            0.5,
            _counts(
                {"length": 10**12, "kernel_size": 5, "padding": 3},
                {"length": 10**12, "kernel_size": 7, "stride": 2, "padding": 6, "dilation": 3},
            ),
            wrong_values,
            "there are few taps and many windows: go through the taps, and count the windows of each by a formula.",
        ),
    ),
    mistakes=(
        Mistake(
            "the border is ignored",
            _times_kernel,
            "o * k counts taps that hang over the border too; there they meet the padding and have no entry.",
        ),
        Mistake(
            "padding subtracted once",
            lambda length, kernel_size, padding=0, **k: (
                _times_kernel(length, kernel_size, padding=padding, **k) - 2 * padding
            ),
            "How many taps hang over differs from window to window: with p = 2 the first may lose 2 and the second 1.",
        ),
        Mistake(
            "gaps between the taps counted",
            lambda length, kernel_size, stride=1, padding=0, dilation=1: count_nonzeros(
                length, dilation * (kernel_size - 1) + 1, stride, padding
            ),
            "A dilated kernel still has k taps; the samples between them are not touched.",
        ),
        Mistake(
            "every entry counted",
            lambda length, kernel_size, **k: conv_output_size(length, kernel_size, **k) * length,
            "That is the size of the whole matrix, o * n. Most of its entries are zero.",
        ),
        Mistake(
            "stride ignored",
            lambda length, kernel_size, stride=1, **k: count_nonzeros(length, kernel_size, **k) if stride else 0,
            "With stride s only every s-th window is there.",
        ),
        Mistake(
            "a negative count",
            _negative_counts,
            "A tap may meet no sample in any window. It counts 0 then, not less: max(0, ...).",
        ),
        Mistake(
            "only the left border",
            _one_border,
            "The padding is on both sides: taps beyond sample n - 1 have no entry either.",
        ),
    ),
    forbidden=LIBRARIES,
    section="How empty it is",
    time_limit=2.0,
)

TASKS = (SAMPLING_MATRIX, CONV_MATRIX1D, CONV_MATRIX2D, CONV_MATRIX_CHANNELS, COUNT_NONZEROS)

check_sampling_matrix = make_check(SAMPLING_MATRIX)
check_conv_matrix1d = make_check(CONV_MATRIX1D)
check_conv_matrix2d = make_check(CONV_MATRIX2D)
check_conv_matrix_channels = make_check(CONV_MATRIX_CHANNELS)
check_count_nonzeros = make_check(COUNT_NONZEROS)
