# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 05 · Pixel centres
#
# Two libraries resize one picture, and their results differ everywhere. In this assignment you write the rules that
# they follow, find out by experiment which rule a stranger follows and how far it moves the picture, and repair the
# dark border of a famous initialisation.
#
# Six functions and one question in words, {points} points in all. Write NumPy; loops are welcome. Below each
# function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows it,
# and shows the difference as a picture. Functions that do the work of a task may not be used: those of this
# course's library `resampling`, of PIL, OpenCV, `scipy.ndimage`, `skimage.transform`,
# `torch.nn.functional.interpolate` and their like. The check says so when it meets one. What you wrote in one task
# you may use in the next.
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | `n`, `length` | samples in | | `j` | an input sample |
# | `o`, `size` | samples out | | `i` | an output sample |
# | `s` | stride, or factor | | `c` | input coordinate of an output sample |
#
# Sample `j` has its centre at coordinate `j`, so the input covers everything from `-1/2` to `n - 1/2`.

# %% setup="imports"
import numpy as np

from resampling.checks.pixel_centres import (
    check_coordinate_map,
    check_picture_shift,
    check_repair_border,
    check_resize_on_grid,
    check_tent_layer,
    check_which_convention,
)

# %% [markdown]
# ## 1 · Three grids
#
# *{points:coordinate_map} points.* Write `coordinate_map(length, size, convention, scale)`: the array of the input
# coordinates that output samples 0, 1, …, `size - 1` read. Let `step = n / o`, or `1 / scale` if a scale is given
# (then `align_corners` ignores it, and no check asks for both).
#
# - `"half_pixel"`: `c = (i + 1/2) * step - 1/2`;
# - `"asymmetric"`: `c = i * step`;
# - `"align_corners"`: `c = i * (n - 1) / (o - 1)`, and 0 if there is only one output sample.
#
# From 4 to 8 samples, `half_pixel` begins with -0.25, 0.25, 0.75. Coordinates may lie outside the input.
#
# <details><summary>A hint</summary>
#
# Everything is done with `np.arange(size)`. Which case must you ask for before you divide?
# </details>


# %% task="coordinate_map"
def coordinate_map(length, size, convention="half_pixel", scale=None):
    """Input coordinate of each output sample: array of shape (size,)."""
    ### BEGIN SOLUTION
    step = length / size if scale is None else 1 / scale
    if convention == "align_corners":
        return np.linspace(0, length - 1, size)
    start = (step - 1) / 2 if convention == "half_pixel" else 0.0
    return start + step * np.arange(size)
    ### END SOLUTION


# %% check="coordinate_map"
check_coordinate_map(coordinate_map)

# %% [markdown]
# ## 2 · One resize with a switch
#
# *{points:resize_on_grid} points.* Write `resize_on_grid(x, size, mode)` for a picture `x` of shape `(H, W)` and
# `size = (oH, oW)`. Five modes:
#
# - `"half_pixel"`, `"align_corners"`, `"asymmetric"`: linear along each axis, at the coordinates of task 1. An
#   output at `c` blends samples `floor(c)` and `floor(c) + 1`. A sample that does not exist counts as the nearest
#   one that does;
# - `"nearest"`: copies sample `floor(i * n / o)`;
# - `"nearest-exact"`: copies sample `floor((i + 1/2) * n / o)`.
#
# Both kinds of nearest mean exact arithmetic: where the quotient is a whole number, it must not come out as 2.9999.
#
# From 5 to 3 samples, nearest copies 0, 1, 3 and nearest-exact 0, 2, 4. From `[0, 1, 2, 3]` to 8, half_pixel gives
# `[0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]`.
#
# <details><summary>A hint</summary>
#
# First a function for one axis. The easiest way through the border: keep `c` itself between 0 and n - 1, before you
# take the floor.
# </details>
# <details><summary>Another hint</summary>
#
# `//` works on arrays of whole numbers, and never rounds. How do you write (i + 1/2) n / o as a quotient of two whole
# numbers?
# </details>


# %% task="resize_on_grid"
def resize_on_grid(x, size, mode="half_pixel"):
    """Picture x of shape (H, W) resized to size = (oH, oW) in one of five modes."""
    ### BEGIN SOLUTION
    for axis in range(2):
        n, o = x.shape[axis], size[axis]
        twice = 2 * np.arange(o)
        if mode == "nearest":
            x = np.take(x, twice * n // (2 * o), axis)
        elif mode == "nearest-exact":
            x = np.take(x, (twice + 1) * n // (2 * o), axis)
        else:
            at = np.minimum(np.maximum(coordinate_map(n, o, mode), 0), n - 1)
            left = at.astype(int)
            part = np.expand_dims(at - left, 1 - axis)
            right = np.minimum(left + 1, n - 1)
            x = np.take(x, left, axis) * (1 - part) + np.take(x, right, axis) * part
    return x
    ### END SOLUTION


# %% check="resize_on_grid"
check_resize_on_grid(resize_on_grid)

# %% [markdown]
# ## 3 · The detective
#
# *{points:which_convention} points.* Somebody resized the samples `x` to the samples `y`, one axis only, and did not
# say how. Write `which_convention(x, y)`: the name of the one mode of task 2 that did it. The values run from 0 to
# 255, and `y` *may* have been rounded to whole numbers, as in a picture of bytes; so a mode explains `y` if no
# sample is more than 1/2 off. If none of the five explains it, return `"other"`. No case fits two modes.
#
# <details><summary>A hint</summary>
#
# Make all five suspects repeat the deed. `x[np.newaxis]` is a picture with one row. Leave a little room beyond 1/2
# for the rounding of your own arithmetic.
# </details>


# %% task="which_convention"
def which_convention(x, y):
    """Name of the mode that turned x into y, or "other"."""
    ### BEGIN SOLUTION
    for mode in ("half_pixel", "align_corners", "asymmetric", "nearest", "nearest-exact"):
        guess = resize_on_grid(x[np.newaxis], (1, len(y)), mode)[0]
        if np.all(np.abs(guess - y) < 0.5001):
            return mode
    return "other"
    ### END SOLUTION


# %% check="which_convention"
check_which_convention(which_convention)

# %% [markdown]
# ## 4 · How far did it move?
#
# *{points:picture_shift} points.* A detective who knows no suspects can still measure. Write `picture_shift(before,
# after)` for two pictures of one bright spot, perhaps of different sizes: how far the second one lies to the lower
# right of the first. Return a tuple `(down, right)` of two numbers, in pixels of `before`, negative for up and left.
#
# 1. The place of a spot is its *centre of mass*: along each axis, the mean of the indices weighted by the values. The
#    background is grey, so subtract the darkest value of each picture first.
# 2. The centre in `after` is measured in pixels of `after`. Bring it back to the pixels of `before` as the half-pixel
#    convention does, for that one lays the ends of both pictures on each other.
#
# A spot at index 2 of 6 samples that is found at index 4.5 of 12 has not moved.
#
# <details><summary>A hint</summary>
#
# Index 4.5 of 12 lies 5 pixels behind the left end. How many pixels of the other picture are that?
# </details>


# %% task="picture_shift"
def picture_shift(before, after):
    """(down, right) in pixels of before: where the spot is in after, minus where it was."""
    ### BEGIN SOLUTION
    shift = []
    for axis in range(2):
        places = []  # as a share of the whole width
        for picture in (before, after):
            profile = np.sum(picture - np.min(picture), axis=1 - axis)
            middles = (np.arange(len(profile)) + 0.5) / len(profile)
            places.append(np.average(middles, weights=profile))
        shift.append((places[1] - places[0]) * before.shape[axis])
    return tuple(shift)
    ### END SOLUTION


# %% check="picture_shift"
check_picture_shift(picture_shift)

# %% [markdown]
# ## 5 · Linear interpolation as a layer
#
# *{points:tent_layer} points.* A transposed convolution with stride `s` paints a copy of its kernel for each input
# sample: tap `t` of sample `j` lands on output `s * j + t - padding`. With the right taps that is linear
# interpolation by the factor `s` on the half-pixel grid (away from the border). Write `tent_layer(factor)`: the
# tuple `(weight, padding)`
#
# - with as few taps as possible, none of them 0;
# - with an output exactly `factor` times as long as the input, without `output_padding`.
#
# For factor 2: `([0.25, 0.75, 0.75, 0.25], 1)`. Odd factors look a little different, and factor 1 must leave
# everything as it is.
#
# <details><summary>A hint</summary>
#
# Output `i` lies at `c = (i + 1/2) / s - 1/2` and gives sample `j` the weight `1 - |c - j|`, if that is above 0. For
# `j = 0`, which `i` are these (also the negative ones, that are cropped later)?
# </details>
# <details><summary>Another hint</summary>
#
# The output has `s * (n - 1) + k - 2 * padding` samples, for `k` taps.
# </details>


# %% task="tent_layer"
def tent_layer(factor):
    """(weight, padding) of the transposed convolution that interpolates linearly by this factor."""
    ### BEGIN SOLUTION
    outputs = np.arange(-factor, 2 * factor)
    weight = 1 - np.abs((outputs + 0.5) / factor - 0.5)
    weight = weight[weight > 1e-9]
    return weight, (len(weight) - factor) // 2
    ### END SOLUTION


# %% check="tent_layer"
check_tent_layer(tent_layer)

# %% [markdown]
# ## 6 · Repair the border
#
# *{points:repair_border} points.* Near the border such a layer is dark: some taps that an inner pixel would get
# belong to samples that do not exist. It is so for any positive kernel, also for a learned one that is no product of
# two axes. Write `repair_border(y, kernel, size, stride, padding)`: the output `y`, of shape `(oH, oW)`, with each
# pixel divided by the *share* of its weight that arrived. `kernel` has shape `(kH, kW)` and only positive taps;
# `size = (H, W)` is that of the input of the layer; `stride` and `padding` are pairs.
#
# - What arrived at pixel `(i, j)`: the sum of the taps that the layer puts there, over the samples that exist.
# - What would arrive inside: the same sum, if there were samples in all directions without end.
#
# Their quotient is the share. It is 1 inside, so nothing changes there, whatever pattern the kernel makes. Where
# nothing arrives the result is 0: `y` may be larger than the kernels reach, because of an `output_padding`. Think of
# pixel `(i, j)` as number `(i + padding[0], j + padding[1])` of the result before cropping.
#
# For the tent of factor 2 and an input of ones, `y` is 0.75 on the edges and 0.5625 in the corners, and the repaired
# picture is 1 everywhere.
#
# <details><summary>A hint</summary>
#
# Which samples send a tap to output `i` of one axis? Those `j` for which `t = i + padding - s * j` is a tap. What
# arrived asks for `0 <= j < n`; inside, `j` may be any whole number.
# </details>
# <details><summary>Another hint</summary>
#
# For one axis, a matrix of zeros and ones with a row for each output and a column for each tap says whether that tap
# arrives. With one such matrix for each axis, `R @ kernel @ C.T` adds up what arrives everywhere.
# </details>


# %% task="repair_border"
def repair_border(y, kernel, size, stride, padding):
    """y, each pixel divided by the share of its weight that arrived; 0 where nothing arrived."""
    ### BEGIN SOLUTION
    arrives, inside = [], []
    axes = zip(y.shape, kernel.shape, size, stride, padding, strict=True)
    for outputs, taps, n, s, p in axes:
        sample, rest = np.divmod(np.arange(outputs)[:, np.newaxis] + p - np.arange(taps), s)
        fits = rest == 0
        inside.append(fits.astype(float))
        arrives.append((fits & (sample >= 0) & (sample < n)).astype(float))
    got = arrives[0] @ kernel @ arrives[1].T
    due = inside[0] @ kernel @ inside[1].T
    result = np.zeros(y.shape)
    result[got > 0] = (y * due)[got > 0] / got[got > 0]
    return result
    ### END SOLUTION


# %% check="repair_border"
check_repair_border(repair_border)

# %% [markdown]
# ## 7 · In your own words
#
# *{points:question-half-a-pixel} points, read by a person.* A segmentation network halves its picture four times by
# convolutions with k = 3, s = 2, p = 1, and comes back with `F.interpolate(scale_factor=2, mode="bilinear",
# align_corners=False)`, adding a skip connection at each size. The labels were made small by `mode="nearest"` for a
# loss at a quarter of the size. The picture has 512 × 512 pixels.
#
# 1. Where on the picture are the centres of the windows that pixel `i` of the smallest map looks through? Where does
#    the decoder put that pixel, when all its resizes treat the map as a small picture? How far apart are these two
#    places, in pixels of the picture?
# 2. A colleague says: "Set `align_corners=True`, then the corners match." What becomes of the difference at the upper
#    left, in the middle, at the lower right?
# 3. Name a change of the encoder and a change of the decoder that each remove the difference, and say what you would
#    measure to make sure.
# 4. By how much are the small labels displaced, in pixels of the picture? Would `nearest-exact` mend it?

# %% [markdown] question="half-a-pixel" points=5
# ### Model answer
#
# 1. Each convolution puts output i at 2i (the middle of three taps that begin at 2i - 1), so four of them at 16i. As a
#    small picture, pixel i of 32 lies at (i + 1/2) * 16 - 1/2 = 16i + 7.5. The decoder shows everything 7.5 pixels too
#    far down and right: the shifts 1/2, 1, 2, 4 of the four levels added up. (2 points; 1 for the right numbers at
#    one level)
# 2. The first pixel is then laid on coordinate 0, where it belongs; the last, which belongs to 16 * 31 = 496, on
#    511. The difference grows from 0 at the upper left to 15 at the lower right, about 7.5 in the middle: the mean
#    is as bad as before, and now the picture is stretched. (With 497 = 16 * 31 + 1 pixels it would match
#    everywhere.) (1 point)
# 3. Encoder: k = 4, p = 1 or k = 2, p = 0, or pooling 2 × 2, for which d(k - 1) + 1 - 2p = s. Decoder: resize on the
#    asymmetric grid, for instance by a transposed convolution with taps [1/2, 1, 1/2], p = 1 and output_padding = 1
#    (and a repaired border). Measure: a bright spot through both, its centre of mass, as in task 4. (Saying that a
#    network with learned layers can also learn to compensate is right, and is worth a remark.) (1 point)
# 4. nearest reads 4i, the centre is at 4i + 1.5: displaced by 1.5 pixels down and right. nearest-exact reads 4i + 2:
#    displaced by half a pixel, up and left. Better, not mended: for even factors no sample lies in the middle. (1
#    point)
