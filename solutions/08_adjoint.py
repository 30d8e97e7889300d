# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 08 · The adjoint
#
# You will run the arrows of a convolution backwards, on one axis and on two; write the test that every operator of this
# course has to pass; take the adjoint of a whole pipeline; and at the end do what a transposed convolution does *not*
# do: undo a convolution.
#
# Five functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this course's
# library `resampling`, the layers of `torch.nn`, `numpy.convolve`, `numpy.linalg.lstsq` and their like.
#
# All arrays hold float64. Pairs are (vertical, horizontal). $\langle a, b\rangle$ is the sum of `a * b` over all
# entries.

# %% setup="imports"
import numpy as np

from resampling.checks.adjoint import (
    check_adjoint_holds,
    check_deconvolve,
    check_pipeline_adjoint,
    check_scatter1d,
    check_scatter2d,
)

# %% [markdown]
# ## 1 · The arrows backwards
#
# *{points:scatter1d} points.* A convolution with the kernel `weight`, a stride and a padding made the values `output`
# out of some `x` with `length` samples; window `i` began at sample `stride*i - padding`. Write
# `scatter1d(output, weight, length, stride, padding)`, which returns $C^{\mathsf T}$`output`, an array of `length`
# samples: every value lays down a copy of the kernel, times itself, where its window was; copies that meet add up;
# and what falls outside is gone.
#
# `scatter1d(np.array([5., 8.]), np.array([1., 2.]), 3)` is `[5, 18, 16]`. And with `length=4` and `stride=2` it
# is `[5, 10, 8, 16]`.
#
# <details><summary>A hint</summary>
#
# Begin with zeros of the right length. Two loops are enough: over the values and over the taps.
# </details>
# <details><summary>Another hint</summary>
#
# Remember what `x[-1]` means in Python.
# </details>


# %% task="scatter1d"
def scatter1d(output, weight, length, stride=1, padding=0):
    """Array of length samples: a copy of weight for each value of output, at stride * i - padding, added up."""
    ### BEGIN SOLUTION
    room = len(weight) + stride * len(output) + length + 2 * padding
    canvas = np.zeros(room)  # with room for all that hangs over
    for number, value in enumerate(output):
        begin = stride * number
        canvas[begin : begin + len(weight)] += value * weight
    return canvas[padding : padding + length]
    ### END SOLUTION


# %% check="scatter1d"
check_scatter1d(scatter1d)

# %% [markdown]
# ## 2 · Planes and channels
#
# *{points:scatter2d} points.* The same on two axes and with channels. `weight` has the shape
# `(C_out, C_in, kH, kW)` of the convolution that made `output`, of shape `(C_out, oH, oW)`. Write
# `scatter2d(output, weight, size, stride, padding)`, its adjoint applied to `output`: an array of shape
# `(C_in, H, W)` with `size = (H, W)`. `stride` and `padding` are pairs.
#
# For one channel each way, `output = [[1, 2]]`, `weight = [[1, 10], [3, 30]]` and `size = (2, 3)`:
#
# $$\begin{bmatrix} 1&12&20 \\ 3&36&60 \end{bmatrix}$$
#
# <details><summary>A hint</summary>
#
# First one channel. Then: on the way there, output channel `m` read all channels `c`, with the kernels
# `weight[m, c]`. So whom does channel `m` tell on the way back?
# </details>
# <details><summary>Another hint</summary>
#
# A plane with a margin of the padding on all sides makes the bookkeeping easy. Cut it off at the end. How large must
# it be, so that `size` pixels are left?
# </details>


# %% task="scatter2d"
def scatter2d(output, weight, size, stride=(1, 1), padding=(0, 0)):
    """Array (C_in, H, W): the adjoint of the convolution with weight, stride and padding, applied to output."""
    ### BEGIN SOLUTION
    tall, wide = weight.shape[2:]
    margin = [extent + 2 * edge for extent, edge in zip(size, padding, strict=True)]
    canvas = np.zeros((weight.shape[1], *margin))
    for row in range(output.shape[1]):
        for column in range(output.shape[2]):
            top, left = stride[0] * row, stride[1] * column
            stamp = np.tensordot(output[:, row, column], weight, axes=1)
            canvas[:, top : top + tall, left : left + wide] += stamp
    return canvas[:, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]]
    ### END SOLUTION


# %% check="scatter2d"
check_scatter2d(scatter2d)

# %% [markdown]
# ## 3 · A test that nothing slips through
#
# *{points:adjoint_holds} points.* Somebody hands you two functions and says that they are adjoint. Write
# `adjoint_holds(forward, adjoint, in_shape, out_shape)`. It returns `True` if
#
# $$\langle \texttt{forward}(x), v\rangle = \langle x, \texttt{adjoint}(v)\rangle$$
#
# for all `x` of shape `in_shape` and all `v` of shape `out_shape`, up to rounding, and `False` if not. It is `False`
# too when `adjoint(v)` has not the shape `in_shape`, or `forward(x)` not `out_shape`. The functions take one array
# each and never raise for the shapes that you were given. They may be anything: also maps that are not linear, or whose
# numbers are very large or very small.
#
# `adjoint_holds(lambda x: x[::2], lambda v: np.kron(v, [1, 0]), (6,), (3,))` is `True`; with
# `lambda v: np.repeat(v, 2)` it is `False`.
#
# <details><summary>A hint</summary>
#
# You cannot try all `x` and `v`, but you may draw some at random. Which ones would be a bad choice? The page has a
# section on tests that test nothing.
# </details>
# <details><summary>Another hint</summary>
#
# Two sums of the same products, in another order, differ by rounding. How large can the rounding be, measured with
# $|\texttt{forward}(x)|\,|v|$?
# </details>


# %% task="adjoint_holds"
def adjoint_holds(forward, adjoint, in_shape, out_shape):
    """True if <forward(x), v> == <x, adjoint(v)> for all x of in_shape and v of out_shape, up to rounding."""
    ### BEGIN SOLUTION
    source = np.random.default_rng(20)
    for _trial in range(3):
        x, v = source.standard_normal(in_shape), source.standard_normal(out_shape)
        image, pulled = forward(x), adjoint(v)
        if image.shape != v.shape or pulled.shape != x.shape:
            return False
        terms = np.abs(image * v).sum() + np.abs(x * pulled).sum()
        if abs((image * v).sum() - (x * pulled).sum()) > 1e-10 * terms:
            return False
    return True
    ### END SOLUTION


# %% check="adjoint_holds"
check_adjoint_holds(adjoint_holds)

# %% [markdown]
# ## 4 · A pipeline, backwards
#
# *{points:pipeline_adjoint} points.* A row of samples goes through several steps, one after the other. Each step is a
# tuple with a name and numbers:
#
# | step | what it does to `x` |
# |---|---|
# | `("pad", a, b)` | puts `a` zeros in front and `b` behind |
# | `("crop", a, b)` | takes `a` samples away in front and `b` behind |
# | `("subsample", s, r)` | keeps `x[r::s]` |
# | `("filter", w0, w1, …)` | `y[i] = w0*x[i] + w1*x[i+1] + …`, wherever all the taps meet a sample |
#
# Write `pipeline_adjoint(output, steps, length)`: the adjoint of the whole chain, for an input of `length` samples,
# applied to `output`. It returns an array of `length` samples.
#
# With `steps = (("pad", 0, 1), ("filter", 1., 2.))`, `length = 2` and `output = [5, 8]` it is `[5, 18]`.
#
# <details><summary>A hint</summary>
#
# Which step comes first on the way back? And what is the adjoint of each of the four, by itself? Test them with your
# function of task 3.
# </details>
# <details><summary>Another hint</summary>
#
# From `("subsample", 3, 1)` and three values alone you cannot know how long the input was. Walk forward once, with
# lengths only.
# </details>


# %% task="pipeline_adjoint"
def pipeline_adjoint(output, steps, length):
    """Array of length samples: the adjoint of the steps, one after the other, applied to output."""
    ### BEGIN SOLUTION
    if not steps:
        return output
    (name, *numbers), rest = steps[0], steps[1:]
    longer = {
        "pad": lambda: length + sum(numbers),
        "crop": lambda: length - sum(numbers),
        "subsample": lambda: len(range(numbers[1], length, numbers[0])),
        "filter": lambda: length - len(numbers) + 1,
    }[name]()
    later = pipeline_adjoint(output, rest, longer)  # of all steps but the first
    result = np.zeros(length)
    if name == "pad":
        result += later[numbers[0] : numbers[0] + length]
    elif name == "crop":
        result[numbers[0] : numbers[0] + longer] = later
    elif name == "subsample":
        result[numbers[1] :: numbers[0]] = later
    else:
        for tap, factor in enumerate(numbers):
            result[tap : tap + longer] += factor * later
    return result
    ### END SOLUTION


# %% check="pipeline_adjoint"
check_pipeline_adjoint(pipeline_adjoint)

# %% [markdown]
# ## 5 · Deconvolution, in the true sense
#
# *{points:deconvolve} points.* Given are `forward`, a linear map $A$; `adjoint`, its $A^{\mathsf T}$; and `y`. Sought
# is the `x` for which
#
# $$|Ax - y|^2 + \lambda\,|x|^2, \qquad \lambda = \texttt{damping},$$
#
# is least. Write `deconvolve(forward, adjoint, y, iterations, damping)`, which goes there by *conjugate gradients* from
# $x = 0$, with as many iterations as asked:
#
# - the gradient (up to a factor, and pointing downhill) is $g = A^{\mathsf T}(y - Ax) - \lambda x$, and the first step
#   $p$ is $g$;
# - in each iteration go along $p$ to the least value there: $x \leftarrow x + \alpha p$, with
#   $\alpha = |g|^2 / (|Ap|^2 + \lambda |p|^2)$; then compute the new gradient; and the next step is
#   $p \leftarrow g_{\text{new}} + (|g_{\text{new}}|^2/|g|^2)\, p$;
# - when the gradient is zero (exactly: a map with small numbers has small gradients), stop.
#
# Return `x`, of the shape of `adjoint(y)`. You never see a matrix: both maps are functions, and the shapes may have any
# number of axes.
#
# With the maps of $\begin{bmatrix} 1&2&0 \\ 0&1&2 \end{bmatrix}$ and `y = [5, 8]`, two iterations give
# `[0.43, 2.29, 2.86]`, rounded. But for rounding, as many iterations as `y` has numbers are always enough, and you will
# not be asked for more.
#
# <details><summary>A hint</summary>
#
# `np.vdot(g, g)` is $|g|^2$ for any number of axes.
# </details>
# <details><summary>Another hint</summary>
#
# Keep the old $|g|^2$ until you have the new one. And which of the four formulas can become 0/0?
# </details>


# %% task="deconvolve"
def deconvolve(forward, adjoint, y, iterations, damping=0.0):
    """x of the shape of adjoint(y), after so many iterations of conjugate gradients from zero."""
    ### BEGIN SOLUTION
    downhill = adjoint(y)
    x = 0 * downhill
    direction = downhill
    while iterations > 0 and np.any(downhill):
        bent = adjoint(forward(direction)) + damping * direction
        size = np.sum(downhill**2)
        far = size / np.sum(direction * bent)
        x = x + far * direction
        downhill = downhill - far * bent
        direction = downhill + np.sum(downhill**2) / size * direction
        iterations -= 1
    return x
    ### END SOLUTION


# %% check="deconvolve"
check_deconvolve(deconvolve)

# %% [markdown]
# ## 6 · In your own words
#
# *{points:question-tied} points, read by a person.* A colleague ties the weights of an autoencoder: the encoder is
# `F.conv2d(x, w, stride=2, padding=1)` with kernels of 3 × 3, the decoder
# `F.conv_transpose2d(y, w, stride=2, padding=1)` with the *same* tensor `w`. "Since the decoder is the transpose, it is
# a deconvolution: it starts as the inverse of the encoder, and training only has to polish it."
#
# 1. Why is the sentence wrong? Give an example with a few numbers. What does the decoder return for pictures of
#    32 × 32 pixels that the colleague did not expect even of its *shape*, and what is missing in the call?
# 2. For which stride, size of kernels and number of channels can the sentence become exactly true, and what must hold
#    for the kernels? What is true if there are fewer channels than that?
# 3. The colleague replies: "Then I take the pseudo-inverse as decoder, that is the best one can do." The codes are
#    stored with 8 bits. What do you answer?

# %% [markdown] question="tied" points=5
# ### Model answer
#
# 1. (2 points.) The transpose brings the shape back, not the values: x = [1, 2, 3] and w = [1, 2] give [5, 8], and from
#    there [5, 18, 16]. Nor could any other map: where the encoder has fewer outputs than inputs, many x have one y.
#    And the shape: 32 pixels become 16, with kernel 3, stride 2 and padding 1; 31 and 32 both do. Without
#    `output_padding=1` (or `output_size`) the decoder returns 31 × 31.
# 2. (2 points.) The decoder is the inverse if CᵀC = I: the columns of C orthonormal. For that there must be at least as
#    many outputs as inputs. The simple way is k = s (here 2 × 2 kernels, stride 2, no padding, even sizes), with s² =
#    4 channels for each input channel, whose kernels are orthonormal: pixel unshuffle, or Haar. (Overlapping
#    orthonormal filter banks exist too.) With fewer channels whose kernels are orthonormal, CCᵀ = I: the decoder is
#    then the pseudo-inverse, encoding what was decoded changes nothing, and CᵀC is the orthogonal projection onto what
#    the kernels can express.
# 3. (1 point.) Rounding to 8 bits is noise in y. The pseudo-inverse divides by the singular values of C, and where one
#    is small the noise is blown up; it gives the least error in y, not in x. A damped solution loses a little of x and
#    much of the noise. (Nor does it know anything about pictures: what the encoder cannot see it sets to zero, where a
#    trained decoder can put something likely.)
