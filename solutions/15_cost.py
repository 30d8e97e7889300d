# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 15 · Cost
#
# You will say how long a call must take at least; write the bill of a transposed layer done in three ways; write that
# layer as one product of matrices, for NumPy and torch alike; judge a benchmark; and at the end choose upsamplers for
# a budget.
#
# Five functions and one question in words, {points} points in all. Below each function stands its check. Run it as
# often as you want: it tells what is right, names the mistake if it knows it, and shows the call that went wrong.
# Functions that do the work of a task may not be used: those of this course's library `resampling`, the layers of
# `torch.nn` and their like.
#
# Pairs are (vertical, horizontal). Nothing here is timed: your machine may be slow.

# %% setup="imports"
import numpy as np

from resampling.checks.cost import (
    check_fair_ratio,
    check_least_time,
    check_plan_upsamplers,
    check_tconv_by_gemm,
    check_transposed_bill,
)

# %% [markdown]
# ## 1 · The roofline
#
# *{points:least_time} points.* A call forms `multiply_adds` multiply-adds and moves `numbers` numbers of `dtype_bytes`
# bytes each. The machine computes `gflops` Gflop/s, a multiply-add being two flops, and moves `gigabytes` GB/s. Write
# `least_time(multiply_adds, numbers, dtype_bytes, gflops, gigabytes)`. It returns three things:
#
# - the intensity, in flops for each byte;
# - the time that the call takes at least, in nanoseconds, if computing and moving overlap completely;
# - `"compute"` if computing takes at least as long as moving, else `"memory"`.
#
# `least_time(600, 300, 4, 20.0, 10.0)` is `(1.0, 120.0, "memory")`.
#
# <details><summary>A hint</summary>
#
# One Gflop/s is one flop in a nanosecond, one GB/s one byte. So no powers of ten are needed.
# </details>


# %% task="least_time"
def least_time(multiply_adds, numbers, dtype_bytes, gflops, gigabytes):
    """(intensity, nanoseconds, "compute" or "memory")."""
    ### BEGIN SOLUTION
    flops = multiply_adds + multiply_adds
    traffic = numbers * dtype_bytes
    roof = min(gflops, gigabytes * flops / traffic)
    ridge = gflops / gigabytes
    nanoseconds = flops / roof if roof else traffic / gigabytes
    return flops / traffic, nanoseconds, "memory" if flops / traffic < ridge else "compute"
    ### END SOLUTION


# %% check="least_time"
check_least_time(least_time)

# %% [markdown]
# ## 2 · The bill of a transposed layer
#
# *{points:transposed_bill} points.* The input has the size `input_size = (N, C_in, H, W)`, the weight
# `weight_size = (C_in, C_out / g, kH, kW)`; there is no bias and no dilation. Write
#
# `transposed_bill(input_size, weight_size, algorithm, stride, padding, output_padding, groups, dtype_bytes)`.
#
# It returns four whole numbers: the parameters; the multiply-adds; the workspace in bytes; and the traffic in bytes.
#
# Multiply-adds are formed in every picture, for each pair of an input and an output channel that meet:
#
# - `"scatter"` multiplies every sample of the input with every tap. It lays out, for every picture and output channel,
#   one number for each tap and each sample of the input.
# - `"zero_insertion"` multiplies every sample of the *output* with every tap. It lays out the input with its zeros
#   between and around, $o + k - 1$ places on each axis.
# - `"polyphase"` counts, on each axis, the pairs of an output sample $i$ and a tap $t$ with $i + p - t$ divisible by
#   $s$. It lays out nothing.
#
# The workspace is what is laid out. The traffic is the input, the weight and the result once, and the workspace twice.
#
# For the size `(1, 1, 3, 4)`, the weight `(1, 1, 3, 2)` and the stride `(2, 2)` the bill of `"scatter"` is
# `(6, 72, 288, 872)`, that of `"polyphase"` `(6, 88, 0, 296)`.
#
# <details><summary>A hint</summary>
#
# First the output: $o = s(n-1) + k - 2p + \text{op}$ on each axis. Then count the pairs of channels that meet: of
# `C_in` input channels each leads to `C_out / g` output channels.
# </details>
# <details><summary>Another hint</summary>
#
# The pairs $(i, t)$ of two axes are chosen independently, so their numbers are multiplied.
# </details>


# %% task="transposed_bill"
def transposed_bill(
    input_size,
    weight_size,
    algorithm,
    stride=(1, 1),
    padding=(0, 0),
    output_padding=(0, 0),
    groups=1,
    dtype_bytes=4,
):
    """(parameters, multiply-adds, bytes of workspace, bytes of traffic)."""
    ### BEGIN SOLUTION
    batch, c_in, *size = input_size
    _, share, *kernel = weight_size
    length, met, stuffed = [], 1, batch * c_in
    for n, k, s, p, extra in zip(size, kernel, stride, padding, output_padding, strict=True):
        length.append((n - 1) * s + k - 2 * p + extra)
        taps_of_phase = [len(range((i + p) % s, k, s)) for i in range(length[-1])]
        met *= {"scatter": n * k, "zero_insertion": length[-1] * k, "polyphase": sum(taps_of_phase)}[algorithm]
        stuffed *= length[-1] + k - 1
    weights = c_in * share * kernel[0] * kernel[1]
    c_out = share * groups
    laid_out = 0
    if algorithm == "scatter":
        laid_out = batch * c_out * kernel[0] * kernel[1] * size[0] * size[1]
    elif algorithm == "zero_insertion":
        laid_out = stuffed
    moved = batch * c_in * size[0] * size[1] + weights + batch * c_out * length[0] * length[1] + 2 * laid_out
    return weights, batch * c_in * share * met, laid_out * dtype_bytes, moved * dtype_bytes
    ### END SOLUTION


# %% check="transposed_bill"
check_transposed_bill(transposed_bill)

# %% [markdown]
# ## 3 · One product of matrices
#
# *{points:tconv_by_gemm} points.* Write `tconv_by_gemm(input, weight, stride, padding, output_padding)` for an input of
# the shape `(C_in, H, W)` and a weight of `(C_in, C_out, kH, kW)`. It returns two arrays:
#
# - *the columns*, of the shape `(C_out*kH*kW, H*W)`: one product of two matrices. In row $(m, a, b)$, ordered like the
#   weight, and column $(i, j)$, ordered like the input, stands $\sum_c$ `weight[c, m, a, b] * input[c, i, j]`;
# - *the result*, of the shape `(C_out, oH, oW)`: each number of the columns is added to place
#   $(s_Hi + a - p_H,\ s_Wj + b - p_W)$ of channel $m$, if that lies inside.
#   $o = s(n-1) + k - 2p + \text{op}$ on each axis.
#
# For the input `[[[1, 2]]]`, the weight `[[[[1, 10, 100]]]]` and the stride `(1, 2)` the columns are
# `[[1, 2], [10, 20], [100, 200]]`, and the result is `[[[1, 10, 102, 20, 200]]]`.
#
# On a graphics card the input is a torch tensor. `reshape`, `@`, `.T`, slices and `+=` mean the same for both; of the
# rest only the empty array has to be made differently (`input.new_zeros(shape)` for a tensor).
# `check_tconv_by_gemm(tconv_by_gemm, device="cpu")` tries your function with tensors. It gives no more points here, but
# where a class is graded on a graphics card the function has to pass there too.
#
# <details><summary>A hint</summary>
#
# Make the canvas with room for everything, $s(n-1) + k + \text{op}$ on each axis; cut $p$ on each side at the end.
# </details>
# <details><summary>Another hint</summary>
#
# Tap $(a, b)$ of all samples falls on every $s$-th place from $(a, b)$ on: one slice, one `+=`.
# </details>


# %% task="tconv_by_gemm"
def tconv_by_gemm(input, weight, stride=(1, 1), padding=(0, 0), output_padding=(0, 0)):
    """(columns, transposed convolution)."""
    ### BEGIN SOLUTION
    _, height, width = input.shape
    c_in, c_out, rows, cols = weight.shape
    products = weight.reshape(c_in, c_out * rows * cols).T @ input.reshape(c_in, height * width)
    tall = (height - 1) * stride[0] + rows + output_padding[0]
    wide = (width - 1) * stride[1] + cols + output_padding[1]
    canvas = np.zeros((c_out, tall, wide)) if isinstance(input, np.ndarray) else input.new_zeros((c_out, tall, wide))
    painted = products.reshape(c_out, rows, cols, height, width)
    for i in range(height):
        for j in range(width):
            top, left = i * stride[0], j * stride[1]
            canvas[:, top : top + rows, left : left + cols] += painted[:, :, :, i, j]
    return products, canvas[:, padding[0] : tall - padding[0], padding[1] : wide - padding[1]]
    ### END SOLUTION


# %% check="tconv_by_gemm"
check_tconv_by_gemm(tconv_by_gemm)

# %% [markdown]
# ## 4 · What a benchmark says
#
# *{points:fair_ratio} points.* Two ways of computing the same took turns. `a[i]` and `b[i]` are their times in round
# $i$; where a measurement failed stands `nan`. Write `fair_ratio(a, b, warm_up)`:
#
# - leave out the first `warm_up` rounds (1 unless given), and every round in which one of the two times is `nan`;
# - in each round that is left, divide the time of b by that of a;
# - return the lower quartile of these ratios, their median, their upper quartile, and a verdict: `"b"` if both
#   quartiles are below 1, so that b is quicker; `"a"` if both are above 1; else `"neither"`.
#
# Quartiles as `np.quantile` finds them. For `a = [9, 1, 2, 2, 1]` and `b = [50, 2, 4, 6, 3]` it is
# `(2.0, 2.5, 3.0, "a")`.
#
# <details><summary>A hint</summary>
#
# A ratio with `nan` in it is `nan`: divide first, then leave out with `np.isnan`.
# </details>


# %% task="fair_ratio"
def fair_ratio(a, b, warm_up=1):
    """(lower quartile, median, upper quartile, "a", "b" or "neither")."""
    ### BEGIN SOLUTION
    ratios = np.sort((b / a)[warm_up:])  # nan goes to the end
    ratios = ratios[: np.count_nonzero(ratios == ratios)]
    ranks = np.array([0.25, 0.5, 0.75]) * (len(ratios) - 1)
    below = ratios[np.floor(ranks).astype(int)]
    three = below + ranks % 1 * (ratios[np.ceil(ranks).astype(int)] - below)
    quicker = {(True, True): "b", (False, False): "a"}.get((three[0] <= 1, three[2] < 1), "neither")
    return float(three[0]), float(three[1]), float(three[2]), quicker
    ### END SOLUTION


# %% check="fair_ratio"
check_fair_ratio(fair_ratio)

# %% [markdown]
# ## 5 · Upsamplers for a budget
#
# *{points:plan_upsamplers} points.* A decoder has several levels, one after the other, and on each you may choose one
# of several upsamplers. `flops`, `bytes` and `gains` are arrays with one row for each level and one column for each
# upsampler: its flops, its bytes of traffic, and the quality that it brings on that level (gains add up). The machine
# computes `rate` flops and moves `bandwidth` bytes in a unit of time. Each layer takes the time that the roofline
# allows, the layers run one after the other, and all together may take `budget` units of time.
#
# Write `plan_upsamplers(flops, bytes, gains, rate, bandwidth, budget)`. It returns the best plan: a tuple with the
# number of an upsampler for each level, such that all is done within the budget and the sum of the gains is the
# greatest. If no plan fits, it returns `None`.
#
# There are up to 4 levels and 4 upsamplers. No two plans that fit have the same gain.
#
# With `rate=1`, `bandwidth=1`, `budget=4`, `flops = [[1, 2], [1, 3]]`, `bytes = [[1, 1], [2, 1]]` and
# `gains = [[0, 2], [0, 3]]`, the least times are `[[1, 2], [2, 3]]`. The plan `(1, 1)` takes 5, too long. The best one
# is `(0, 1)`.
#
# <details><summary>A hint</summary>
#
# 256 plans at most: `itertools.product` can list them. With twenty levels you would have to think further.
# </details>


# %% task="plan_upsamplers"
def plan_upsamplers(flops, bytes, gains, rate, bandwidth, budget):
    """One number for each level, or None."""
    ### BEGIN SOLUTION
    plans = [(0.0, 0.0, ())]  # (time, gain, choices) of the levels so far; only those that nothing beats
    for work, traffic, gain in zip(flops, bytes, gains, strict=True):
        longer = []
        for time, got, choices in plans:
            for kind in range(len(gain)):
                needed = (
                    work[kind] / rate if work[kind] * bandwidth > traffic[kind] * rate else traffic[kind] / bandwidth
                )
                if time + needed <= budget:
                    longer.append((time + needed, got + gain[kind], (*choices, kind)))
        plans, best = [], -np.inf
        for plan in sorted(longer, key=lambda plan: (plan[0], -plan[1])):
            if plan[1] > best:
                plans.append(plan)
                best = plan[1]
    return plans[-1][2] if plans else None
    ### END SOLUTION


# %% check="plan_upsamplers"
check_plan_upsamplers(plan_upsamplers)

# %% [markdown]
# ## 6 · In your own words
#
# *{points:question-benchmark-report} points, read by a person.* A colleague writes: "I replaced the transposed layers
# by a new upsampler with 40 % fewer FLOPs. I put `time.time()` before and after one forward pass on the GPU, and it
# said 3.1 ms; the old network took 3.4 ms, measured last week. So the new one is 9 % faster, and with larger pictures
# it will be 40 %."
#
# 1. Name four things that are wrong with this measurement or missing from the report.
# 2. How can a layer have 40 % fewer FLOPs and not be faster? Use the words *intensity* and *bound*. And what would you
#    compute to know whether larger pictures change that?
# 3. Describe in three sentences the measurement that you would make instead, and what you would report.

# %% [markdown] question="benchmark-report" points=5
# ### Model answer
#
# 1. (2 points, half a point each, four of these) One pass only: no repetition, no spread. The first call: loading,
#    compiling, choosing algorithms, allocating. No synchronisation: a GPU's calls return when the work is *launched*,
#    so the clock has seen the launching. Old and new were measured at different times, perhaps with another version,
#    another clock rate or other users; they must take turns. Not said: machine, versions, dtype, size of the pictures
#    and of the batch, threads. Not checked: whether both compute something equally good, or the outputs have the same
#    size. `time.time()` may be coarse and can jump; use `time.perf_counter()` or the device's events.
# 2. (2 points) If the layer's intensity, flops for each byte, is below the ridge of the machine, memory is its bound:
#    it waits for bytes, and fewer flops change nothing, as long as the bytes stay. (Fewer flops can even come with more
#    bytes, through intermediate maps or a depthwise layer, and then it is slower; and many small calls are bound by
#    launching.) For larger pictures compute the intensity again: flops and the bytes of the maps both grow with the
#    number of pixels, only the share of the weights falls, so the intensity hardly changes and the ratio need not go to
#    60 %.
# 3. (1 point) First compare the results; then, after warm-up rounds, let old and new take turns many times in one
#    process, synchronising before every reading of the clock. Report the median of the ratios within the rounds, with
#    the quartiles, for the sizes that matter, with machine, versions, dtype and threads. If the quartiles lie on both
#    sides of 1, say that no difference was found.
