# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 10 · Gradients
#
# You will write what autograd does for the layers of this course: the backward pass of a convolution, in one
# dimension and with everything a real layer has, of a transposed convolution and of pooling. Then a test that finds
# out whether a gradient is right. At the end you derive the backward pass itself.
#
# Six functions and one question in words, {points} points in all. Write NumPy, with as many loops as you like. Below
# each function stands its check. Run it as often as you want: it tells what is right, names the mistake if it knows
# it, and shows the call that went wrong. Functions that do the work of a task may not be used: those of this
# course's library `resampling` and their like, and here all of `torch`, whose work you are doing.
#
# | symbol | in code | meaning |
# |---|---|---|
# | `g` | `grad_output` | the *upstream gradient*: of the loss with respect to what the layer returned |
# | `dx`, `dw`, `db` | | gradients of the loss with respect to input, weight and bias |
#
# Each gradient has the shape of what it belongs to. Kernels are not flipped: with stride `s` and padding `p`, tap `t`
# of window `i` reads sample `s*i + t - p`, and a zero where there is no such sample.

# %% setup="imports"
import numpy as np

from resampling.checks.gradients import (
    check_conv1d_double_backward,
    check_conv1d_gradients,
    check_conv2d_backward,
    check_conv_transpose1d_backward,
    check_numerical_vjp,
    check_pool2d_backward,
)

# %% [markdown]
# ## 1 · One channel
#
# *{points:conv1d_gradients} points.* The layer `y = conv(input, weight, stride, padding) + bias` has one channel;
# `input` has the shape `(n,)`, `weight` `(k,)`, and the bias is one number. Write
# `conv1d_gradients(grad_output, input, weight, stride, padding)`, which returns the tuple `(dx, dw, db)`; `db` is a
# number.
#
# With `grad_output = [1, -1]`, `input = [2, 0, 5]` and `weight = [3, 4]`:
# `dx = [3, 1, -4]`, `dw = [2, -5]` and `db = 0`.
#
# <details><summary>A hint</summary>
#
# Go through windows and taps with two loops. Tap `t` of window `i` has read one sample; which? Then
# `y[i]` contains the product of `weight[t]` and this sample. What does each of the two factors get?
# </details>
# <details><summary>Another hint</summary>
#
# Take care at the left border: `x[-1]` is the last sample in Python.
# </details>


# %% task="conv1d_gradients"
def conv1d_gradients(grad_output, input, weight, stride=1, padding=0):
    """(dx, dw, db) of a convolution with one channel: arrays of the shapes of input and weight, and a number."""
    ### BEGIN SOLUTION
    taps, padded = len(weight), np.pad(input, padding)
    dpadded, dw = np.zeros(len(padded)), np.zeros(taps)
    for window, g in enumerate(grad_output):
        seen = slice(stride * window, stride * window + taps)
        dpadded[seen] += g * weight
        dw += g * padded[seen]
    return dpadded[padding : padding + len(input)], dw, float(sum(grad_output))
    ### END SOLUTION


# %% check="conv1d_gradients"
check_conv1d_gradients(conv1d_gradients)

# %% [markdown]
# ## 2 · A real layer
#
# *{points:conv2d_backward} points.* Now `conv2d_backward(grad_output, input, weight, stride, padding)` for a batch of
# pictures with channels: `input` `(N, C_in, H, W)`, `weight` `(C_out, C_in, kH, kW)`, `grad_output`
# `(N, C_out, oH, oW)`. `stride` and `padding` are pairs, the vertical one first. It returns `(dx, dw, db)`, where `db`
# has the shape `(C_out,)`.
#
# <details><summary>A hint</summary>
#
# For one window `(i, j)`, the part of the (padded) pictures that it sees has the shape `(N, C_in, kH, kW)`, and its
# upstream gradient, `grad_output[:, :, i, j]`, the shape `(N, C_out)`. `dx` there gets something of the first shape,
# `dw` something of shape `(C_out, C_in, kH, kW)`: over which index must you add up each time? `np.tensordot` or
# `np.einsum` can do it.
# </details>


# %% task="conv2d_backward"
def conv2d_backward(grad_output, input, weight, stride=(1, 1), padding=(0, 0)):
    """(dx, dw, db) of a 2-D convolution of a batch, of the shapes of input and weight, and (C_out,)."""
    ### BEGIN SOLUTION
    (top, left), (rows, columns) = padding, input.shape[2:]
    padded = np.pad(input, [(0, 0), (0, 0), (top, top), (left, left)])
    dpadded, dw = np.zeros(padded.shape), np.zeros(weight.shape)
    for i, j in np.ndindex(*grad_output.shape[2:]):
        y, x = stride[0] * i, stride[1] * j
        window = np.s_[:, :, y : y + weight.shape[2], x : x + weight.shape[3]]
        dpadded[window] += np.einsum("nm,mcab->ncab", grad_output[:, :, i, j], weight)
        dw += np.einsum("nm,ncab->mcab", grad_output[:, :, i, j], padded[window])
    return dpadded[:, :, top : top + rows, left : left + columns], dw, np.einsum("nmij->m", grad_output)
    ### END SOLUTION


# %% check="conv2d_backward"
check_conv2d_backward(conv2d_backward)

# %% [markdown]
# ## 3 · The other direction
#
# *{points:conv_transpose1d_backward} points.* A transposed convolution with `input` `(C_in, n)` and `weight`
# `(C_in, C_out, k)` paints: tap `t` of sample `j` goes to output `s*j + t - p`, if there is one. Write its backward
# pass, `conv_transpose1d_backward(grad_output, input, weight, stride, padding, output_padding)`, with `grad_output`
# of shape `(C_out, o)` and `o = s*(n - 1) + k - 2*p + output_padding`. It returns `(dx, dw, db)`. The bias of the
# layer, one number for each output channel, is added to *all* outputs.
#
# With one channel, `grad_output = [1, 2, 3, 4, 5]`, `input = [1, 10]`, `weight = [1, 0, -1]` and `stride = 2`:
# `dx = [-2, -2]`, `dw = [31, 42, 53]` and `db = [15]`.
#
# <details><summary>A hint</summary>
#
# From which outputs does a gradient come back to sample `j`, and with which weights? Write `dx[j]` for the example.
# What kind of layer is that?
# </details>
# <details><summary>Another hint</summary>
#
# If you pad `grad_output` with zeros, all windows are whole. How many do you need on the left, how many on the right?
# </details>


# %% task="conv_transpose1d_backward"
def conv_transpose1d_backward(grad_output, input, weight, stride=1, padding=0, output_padding=0):
    """(dx, dw, db) of a transposed convolution, of the shapes of input and weight, and (C_out,)."""
    ### BEGIN SOLUTION
    taps, samples = weight.shape[2], input.shape[1]
    everything = np.pad(grad_output, [(0, 0), (padding, max(padding - output_padding, 0))])
    windows = np.stack([everything[:, stride * j : stride * j + taps] for j in range(samples)])
    dx = np.einsum("jmt,cmt->cj", windows, weight)
    return dx, np.einsum("jmt,cj->cmt", windows, input), np.einsum("mi->m", grad_output)
    ### END SOLUTION


# %% check="conv_transpose1d_backward"
check_conv_transpose1d_backward(conv_transpose1d_backward)

# %% [markdown]
# ## 4 · Pooling
#
# *{points:pool2d_backward} points.* Write `pool2d_backward(grad_output, input, mode, kernel_size, stride)` for one
# plane `input` of shape `(H, W)`, without padding. `mode` is `"max"` or `"avg"`; `kernel_size` and `stride` are pairs.
# It returns `dx`. Windows may overlap, or leave pixels out. If several pixels of a window are equal and largest, the
# *first* of them, row after row, gets the whole gradient of this window.
#
# With `input = [[1, 4, 2], [3, 4, 0]]`, 2 × 2 windows, stride (1, 1) and `grad_output = [[10, 100]]`, the result is
# `[[0, 110, 0], [0, 0, 0]]` for `"max"` and `[[2.5, 27.5, 25], [2.5, 27.5, 25]]` for `"avg"`.
#
# <details><summary>A hint</summary>
#
# `np.argmax` finds the first of equal maxima and returns its number in the flattened window; `np.unravel_index` or
# `divmod` makes row and column of it.
# </details>


# %% task="pool2d_backward"
def pool2d_backward(grad_output, input, mode, kernel_size, stride):
    """Gradient with respect to input, of its shape, of max-pooling or average pooling."""
    ### BEGIN SOLUTION
    height, width = kernel_size
    dx = np.zeros(input.shape)
    for i, j in np.ndindex(*grad_output.shape):
        y, x, g = stride[0] * i, stride[1] * j, grad_output[i, j]
        if mode == "avg":
            dx[y : y + height, x : x + width] += g / (height * width)
        else:
            row, column = divmod(int(np.argmax(input[y : y + height, x : x + width])), width)
            dx[y + row, x + column] += g
    return dx
    ### END SOLUTION


# %% check="pool2d_backward"
check_pool2d_backward(pool2d_backward)

# %% [markdown]
# ## 5 · A test for gradients
#
# *{points:numerical_vjp} points.* Is a backward pass right? Compare it with slopes that need no thinking. Write
# `numerical_vjp(function, x, upstream, step)`. `function` takes an array of the shape of `x` and returns an array of
# the shape of `upstream`; the loss is `sum(upstream * function(x))`. The result has the shape of `x`, and each of
# its entries is the *central difference* of the loss along this entry of `x`,
#
# $$\frac{L(x + h e_j) - L(x - h e_j)}{2h},\qquad h = \text{step},$$
#
# where $x \pm he_j$ is $x$ with entry $j$ moved by $h$ and all others where they were. `x` may have any shape, and
# may hold whole numbers or float32: compute in float64 all the same.
#
# With `function = lambda x: x ** 3`, `x = [1, 2]`, `upstream = [1, 10]` and `step = 0.5` it returns `[3.25, 122.5]`.
# (The derivatives are 3 and 120. A step of 0.5 is large.)
#
# <details><summary>A hint</summary>
#
# `np.ndindex(*x.shape)` goes through the places of an array of any shape. Take a fresh copy for each.
# </details>
# <details><summary>Another hint</summary>
#
# What happens to `a = np.array([1, 2]); a[0] = 1.5`?
# </details>


# %% task="numerical_vjp"
def numerical_vjp(function, x, upstream, step):
    """Array of the shape of x: central differences of sum(upstream * function(x)), entry by entry."""
    ### BEGIN SOLUTION
    moves = (step * np.eye(x.size)).reshape(-1, *x.shape)
    rises = [function(x + move) - function(x - move) for move in moves]
    return np.array([(upstream * rise).sum() for rise in rises]).reshape(x.shape) / (2 * step)
    ### END SOLUTION


# %% check="numerical_vjp"
check_numerical_vjp(numerical_vjp)

# %% [markdown]
# ## 6 · Once more
#
# *{points:conv1d_double_backward} points.* Whoever puts a gradient into the loss (a gradient penalty, a Hessian)
# needs the derivative of the backward pass. Take a convolution without bias, `input` `(C_in, n)`, `weight` `(C_out,
# C_in, k)`, `grad_output` `(C_out, o)`. Its backward pass computes `dx` and `dw`. Now somebody forms of them
#
# $$ M = \sum u\cdot dx + \sum v\cdot dw $$
#
# with arrays $u$ = `grad_grad_input` of the shape of `input` and $v$ = `grad_grad_weight` of the shape of `weight`.
# Write `conv1d_double_backward(grad_grad_input, grad_grad_weight, grad_output, input, weight, stride, padding)`,
# which returns the gradients of $M$ with respect to `grad_output`, `input` and `weight`, in this order.
#
# With one channel, `u = [1, 0, 0]`, `v = [0, 1]`, `grad_output = [1, 1]`, `input = [1, 2, 3]` and `weight = [1, 2]`
# it returns `[3, 3]`, `[0, 1, 1]` and `[1, 0]`, each with its channels in front.
#
# <details><summary>A hint</summary>
#
# Write $M$ as a sum over channels, windows and taps: `dx` and `dw` are each a sum of products of two of
# the arrays. Then no knowledge of convolutions is needed, only that of how to derive a product.
# </details>
# <details><summary>Another hint</summary>
#
# You have a test: your `numerical_vjp`, on a function that computes `dx` and `dw`.
# </details>


# %% task="conv1d_double_backward"
def conv1d_double_backward(grad_grad_input, grad_grad_weight, grad_output, input, weight, stride=1, padding=0):
    """Gradients of sum(grad_grad_input * dx) + sum(grad_grad_weight * dw) for grad_output, input and weight."""
    ### BEGIN SOLUTION
    u, x = (np.pad(a, [(0, 0), (padding, padding)]) for a in (grad_grad_input, input))
    to_output, to_input, to_weight = np.zeros(grad_output.shape), np.zeros(x.shape), np.zeros(weight.shape)
    for i, g in enumerate(grad_output.T):
        seen = slice(stride * i, stride * i + weight.shape[2])
        to_output[:, i] = np.tensordot(weight, u[:, seen], 2) + np.tensordot(grad_grad_weight, x[:, seen], 2)
        to_input[:, seen] += np.tensordot(g, grad_grad_weight, 1)
        to_weight += np.multiply.outer(g, u[:, seen])
    return to_output, to_input[:, padding : padding + input.shape[1]], to_weight
    ### END SOLUTION


# %% check="conv1d_double_backward"
check_conv1d_double_backward(conv1d_double_backward)

# %% [markdown]
# Worth no points, but worth seeing: torch's own two tests on your backward pass. If torch is installed, paste this
# into a cell of its own.
#
# ```python
# import torch
#
#
# class Backward(torch.autograd.Function):
#     @staticmethod
#     def forward(ctx, g, x, w):
#         ctx.save_for_backward(g, x, w)
#         pictures = (a.detach().numpy()[None, :, None] for a in (g, x))  # of one row
#         dx, dw, _ = conv2d_backward(*pictures, w.detach().numpy()[:, :, None])
#         return torch.tensor(dx[0, :, 0]), torch.tensor(dw[:, :, 0])
#
#     @staticmethod
#     def backward(ctx, u, v):
#         arrays = (a.detach().numpy() for a in (u, v, *ctx.saved_tensors))
#         return tuple(map(torch.tensor, conv1d_double_backward(*arrays)))
#
#
# class Convolution(torch.autograd.Function):
#     @staticmethod
#     def forward(ctx, x, w):
#         ctx.save_for_backward(x, w)
#         return torch.einsum("mct,cit->mi", w, x.unfold(1, w.shape[2], 1))
#
#     @staticmethod
#     def backward(ctx, g):
#         return Backward.apply(g, *ctx.saved_tensors)
#
#
# tried = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 7), (3, 2, 3))]
# print(torch.autograd.gradcheck(Convolution.apply, tried), torch.autograd.gradgradcheck(Convolution.apply, tried))
# ```

# %% [markdown]
# ## 7 · In your own words
#
# *{points:question-a-green-test} points, read by a person.* A colleague has written a strided convolution for a new
# accelerator, forward and backward. "The gradient check passes," says the colleague, "so the gradient is right." It
# compares with central differences in float64, at one random input of 1 × 1 × 8 × 8, with a 2 × 2 kernel of ones,
# stride 2 and no padding, and its loss is `output.sum()`.
#
# 1. Name four *different* wrong backward passes that pass this check. Say for each which choice of the check hides
#    it, and what you would change to find it.
# 2. Then the colleague checks a max-pooling by itself, with the output of a ReLU as its input, and the check fails at
#    many entries. The backward pass agrees with torch's. How can that be? Is one of the two wrong? What should be
#    checked instead?
# 3. The backward pass of `Conv2d` with stride 2 has to be told the size of the input; `ConvTranspose2d`, which
#    computes the same thing, cannot know it. Explain, with an example of two sizes. Where does torch take the size
#    from, in either case?

# %% [markdown] question="a-green-test" points=5
# ### Model answer
#
# 1. (2 points, half a point for each of four.) *Flipped kernel in dx*: ones are symmetric; take a kernel of different
#    numbers. *Assigned instead of added*: with k = s no two windows overlap; take k = 3, s = 2. *Upstream gradient
#    ignored*: that of a sum is all ones; take a random weighting of the outputs. *Rows and columns swapped*:
#    everything is square; take different sizes, strides and paddings for the axes. *Channels swapped or not added
#    up*: there is one; take C_in ≠ C_out. *Cut to what the windows reach*: 8 is a multiple of 2; take 9. *Padding
#    forgotten*: there is none. (dw against db, the batch, and dilation or groups count likewise.)
# 2. (1.5 points.) After a ReLU many zeros stand side by side, so windows have several equal maxima: there the maximum
#    has no derivative. torch gives the whole gradient to the first of them; a central difference gives half of it to
#    *each* (up it is the maximum alone, down it changes nothing). Neither is wrong: the analytic one is a
#    subgradient, the numerical one is a mean of two one-sided slopes. Check at inputs whose values in each window are
#    further apart than the step (distinct random numbers), and check ties separately, by the rule that was
#    agreed on.
# 3. (1.5 points.) With k = 3, s = 2, p = 1 inputs of 5 and of 6 samples both give 3. The gradient must have as many
#    entries as the input, so 3 upstream numbers must become 5 or 6. The backward pass takes the size from the input
#    (or its shape) that was saved in the forward pass. The layer ConvTranspose2d has never seen such an input: it
#    returns 5, unless it is told by output_padding = 1 or by output_size.
