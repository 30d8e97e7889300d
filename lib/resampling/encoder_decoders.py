"""Networks that go down and up: U-Net, SegNet, autoencoder, super-resolution and generator, for PyTorch.

Small enough to train on two processor cores, and alike but for one block: the `upsampler`, which is exchangeable.

All weights are drawn from a normal distribution of mean 0 and a variance that keeps the mean square of what passes
(He et al. 2015, arXiv 1502.01852): 1 / (products summed for an output sample), times ``2 / (1 + 0.1**2)`` before the
activation, a leaky ReLU of slope 0.1, under which no unit of a small network can die. All biases begin at 0. So
networks that differ in the upsampler start alike, and nothing but `torch.manual_seed` decides the draw.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from math import ceil, sqrt

from resampling.grid_sizes import per_axis, whole_number
from resampling.sub_pixel import icnr

try:
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        'resampling.encoder_decoders needs PyTorch: pip install "resampling[torch]"', name=missing.name
    ) from missing

__all__ = ["ESPCN", "Autoencoder", "Generator", "SegNet", "UNet", "count_parameters", "upsampler"]

KINDS = ("nearest", "bilinear", "transposed", "sub_pixel", "unpool")
SLOPE = 0.1
GAIN = 2 / (1 + SLOPE**2)
Kind = str | Callable[[int, int, int], nn.Module]


def upsampler(kind: str, in_channels: int, out_channels: int, scale: int = 2) -> nn.Module:
    """A learned block whose output is `scale` times as high and wide: ``block(x).shape == (N, C_out, s*H, s*W)``.

    All kinds have the interface ``block(input, output_size=None, indices=None)``. With ``output_size=(H, W)``, up to
    ``s - 1`` more or less than exact on each axis, the last rows and columns are cut off, or else continued (repeated;
    ``"transposed"`` computes them, by its output padding): so a decoder returns to each odd size of its encoder. Only
    ``"unpool"`` reads `indices`.

    Parameters
    ----------
    kind : str
        - ``"nearest"``, ``"bilinear"``: resize (half-pixel centres), then a 3 x 3 convolution
          (Odena et al. 2016, doi 10.23915/distill.00003).
        - ``"transposed"``: a transposed convolution with stride s, kernel ``k = 2s - s % 2`` and padding
          ``p = s // 2``, so that ``k - 2p = s``: the factor is exact for every size.
        - ``"sub_pixel"``: a 3 x 3 convolution to ``s*s*C_out`` channels, then pixel shuffle (Shi et al. 2016,
          arXiv 1609.05158), starting as a convolution with nearest upsampling (`icnr`).
        - ``"unpool"``: a 3 x 3 convolution, then max-unpooling with the `indices` (N, C_out, H, W) that
          ``max_pool2d(..., s, return_indices=True)`` gave on the way down (Badrinarayanan et al. 2017,
          arXiv 1511.00561).
    in_channels, out_channels : int
    scale : int
        ``s``, at least 1.

    Returns
    -------
    torch.nn.Module
        From (N, C_in, H, W) to (N, C_out, s*H, s*W), in the dtype and on the device of its parameters.

    Raises
    ------
    ValueError
        When an argument is out of range; in use, when `input`, `output_size` or `indices` do not fit.

    Examples
    --------
    >>> block = upsampler("transposed", 8, 4, scale=3)
    >>> x = torch.zeros(1, 8, 5, 7)
    >>> block(x).shape, block(x, output_size=(13, 22)).shape
    (torch.Size([1, 4, 15, 21]), torch.Size([1, 4, 13, 22]))

    See also the book page ``encoder-decoders``.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    channels = whole_number("in_channels", in_channels, 1), whole_number("out_channels", out_channels, 1)
    return Upsampler(kind, *channels, whole_number("scale", scale, 1))


class Upsampler(nn.Module):
    """What `upsampler` makes: each kind is a convolution and a rearrangement, in one order or the other."""

    def __init__(self, kind: str, in_channels: int, out_channels: int, scale: int) -> None:
        super().__init__()
        self.kind, self.scale = kind, scale
        if kind == "transposed":
            self.conv = nn.ConvTranspose2d(in_channels, out_channels, 2 * scale - scale % 2, scale, scale // 2)
            _draw(self.conv, in_channels * (self.conv.kernel_size[0] / scale) ** 2)
        elif kind == "sub_pixel":
            self.conv = _conv(in_channels, out_channels * scale**2)
            with torch.no_grad():
                self.conv.weight.copy_(icnr(self.conv.weight[:out_channels], scale))
        else:
            self.conv = _conv(in_channels, out_channels)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None, indices: Tensor | None = None) -> Tensor:
        """(N, C_in, H, W) to (N, C_out, s*H, s*W), or to `output_size`."""
        _check_pictures(input, self.conv.in_channels)
        s, exact = self.scale, tuple(self.scale * n for n in input.shape[-2:])
        size = _near(exact, s, output_size)
        if self.kind == "transposed":
            return _fit(self.conv(input, output_size=list(map(max, size, exact))), size)
        if self.kind == "sub_pixel":
            return _fit(F.pixel_shuffle(self.conv(input), s), size)
        if self.kind == "unpool":
            x = self.conv(input)
            return F.max_unpool2d(x, _indices_for(x, indices), s, output_size=size)
        return self.conv(_fit(F.interpolate(input, scale_factor=s, mode=self.kind), size))

    def extra_repr(self) -> str:
        """What the printed module says of itself."""
        return f"{self.kind}, scale={self.scale}"


class UNet(nn.Module):
    """``logits = net(x)``: down by max pooling, up with what each level was joined on, for pictures of any size.

    Level i has ``width * 2**i`` channels in two 3 x 3 convolutions, each with its activation. Pooling rounds up, so
    that no sample is left out of it and a size of 1 stays 1; on the way up, the upsampler is given the size of the
    level that it meets (``output_size``), so that neither input nor skip is cropped, as it is by Ronneberger et al.
    2015 (arXiv 1505.04597).

    Parameters
    ----------
    in_channels, out_channels : int
    width : int
        Channels of the first level.
    depth : int
        Number of poolings, at least 1.
    upsampler : str or callable
        A kind of `upsampler`; or a function ``(in_channels, out_channels, scale)`` that makes a module with the
        interface described there. ``"unpool"`` is given the indices of the poolings.

    Raises
    ------
    ValueError
        When an argument is out of range; in use, when `input` is not (N, in_channels, H, W).

    Examples
    --------
    >>> UNet(3, 1, upsampler="sub_pixel")(torch.zeros(2, 3, 25, 18)).shape
    torch.Size([2, 1, 25, 18])

    See also the book page ``encoder-decoders``.
    """

    def __init__(
        self, in_channels: int, out_channels: int, width: int = 16, depth: int = 2, upsampler: Kind = "nearest"
    ) -> None:
        super().__init__()
        self.in_channels = whole_number("in_channels", in_channels, 1)
        widths = _widths(width, depth)
        widths.append(2 * widths[-1])
        self.down = nn.ModuleList(_two_convs(a, b) for a, b in pairwise([in_channels, *widths]))
        self.up = nn.ModuleList(_made(upsampler, a, b) for a, b in pairwise(widths[::-1]))
        self.join = nn.ModuleList(_two_convs(2 * a, a) for a in widths[-2::-1])
        self.head = _conv(width, whole_number("out_channels", out_channels, 1), 1)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_out, H, W)."""
        _check_pictures(input, self.in_channels)
        x, passed = self.down[0](input), []
        for level in self.down[1:]:
            pooled, indices = F.max_pool2d(x, 2, ceil_mode=True, return_indices=True)
            passed.append((x, indices))
            x = level(pooled)
        for up, join, (skip, indices) in zip(self.up, self.join, reversed(passed), strict=True):
            x = join(torch.cat((skip, up(x, output_size=skip.shape[-2:], indices=indices)), dim=1))
        return self.head(x)


class SegNet(nn.Module):
    """``logits = net(x)``: down by max pooling, up by unpooling to the places that the maxima came from, any size.

    As `UNet` in its arguments and its convolutions, but only the indices pass from a level down to the same level up
    (Badrinarayanan et al. 2017, arXiv 1511.00561): memory for one integer instead of one map for each channel.

    Parameters
    ----------
    in_channels, out_channels, width, depth : int
        Level i, from 1 to `depth`, has ``width * 2**(i-1)`` channels.

    Raises
    ------
    ValueError
        As `UNet`.

    Examples
    --------
    >>> SegNet(3, 1)(torch.zeros(2, 3, 25, 18)).shape
    torch.Size([2, 1, 25, 18])
    """

    def __init__(self, in_channels: int, out_channels: int, width: int = 16, depth: int = 2) -> None:
        super().__init__()
        self.in_channels = whole_number("in_channels", in_channels, 1)
        widths = _widths(width, depth)
        self.down = nn.ModuleList(_two_convs(a, b) for a, b in pairwise([in_channels, *widths]))
        self.up = nn.ModuleList(_two_convs(a, b) for a, b in pairwise([*widths[::-1], width]))
        self.head = _conv(width, whole_number("out_channels", out_channels, 1), 1)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_out, H, W)."""
        _check_pictures(input, self.in_channels)
        x, passed = input, []
        for level in self.down:
            x = level(x)
            pooled, indices = F.max_pool2d(x, 2, ceil_mode=True, return_indices=True)
            passed.append((x.shape[-2:], indices))
            x = pooled
        for level, (size, indices) in zip(self.up, reversed(passed), strict=True):
            x = level(F.max_unpool2d(x, indices, 2, output_size=size))
        return self.head(x)


class Autoencoder(nn.Module):
    """``net(x) == net.decode(net.encode(x), x.shape[-2:])``: through a code of few channels and back to the size.

    Down by convolutions of kernel 3 and stride 2, each halving the size and rounding up; up by blocks, the last of
    which writes the picture itself. No activation at the end.

    Parameters
    ----------
    in_channels : int
        Of the picture, and of its reconstruction.
    code_channels : int
        Of the code, which is ``2**depth`` times smaller on each axis.
    width : int
        Channels after the first halving; doubled by each further one.
    depth : int
        Number of halvings, at least 1.
    upsampler : str or callable
        As in `UNet`, but not ``"unpool"``: nothing is pooled here.

    Raises
    ------
    ValueError
        As `UNet`.

    Examples
    --------
    >>> net = Autoencoder(1, 2)
    >>> net.encode(torch.zeros(1, 1, 25, 18)).shape, net(torch.zeros(1, 1, 25, 18)).shape
    (torch.Size([1, 2, 7, 5]), torch.Size([1, 1, 25, 18]))
    """

    def __init__(
        self, in_channels: int, code_channels: int = 4, width: int = 16, depth: int = 2, upsampler: Kind = "nearest"
    ) -> None:
        super().__init__()
        self.in_channels = whole_number("in_channels", in_channels, 1)
        self.code_channels = whole_number("code_channels", code_channels, 1)
        widths = _widths(width, depth)
        self.down = nn.ModuleList(_conv(a, b, stride=2, gain=GAIN) for a, b in pairwise([in_channels, *widths]))
        self.to_code = _conv(widths[-1], code_channels, 1)
        self.from_code = _conv(code_channels, widths[-1], 1)
        self.up = _blocks(upsampler, [*widths[::-1], in_channels])

    def encode(self, input: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_code, ceil(H / 2**depth), ceil(W / 2**depth))."""
        _check_pictures(input, self.in_channels)
        for conv in self.down:
            input = F.leaky_relu(conv(input), SLOPE)
        return self.to_code(input)

    def decode(self, code: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(N, C_code, h, w) to (N, C_in, H, W); exactly ``2**depth`` times the code without `output_size`."""
        _check_pictures(code, self.code_channels)
        exact = [n * 2 ** len(self.up) for n in code.shape[-2:]]
        size = exact if output_size is None else per_axis("output_size", output_size, 2, 1)
        return _up(self.from_code(code), self.up, size)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_in, H, W)."""
        return self.decode(self.encode(input), input.shape[-2:])


class ESPCN(nn.Module):
    """``large = net(small)``: super-resolution that works at the low resolution until its last layer.

    ``out = upsampler(tanh(conv3x3(tanh(conv5x5(input)))))`` with `width` and ``width // 2`` channels between
    (Shi et al. 2016, arXiv 1609.05158, section 3.3.1, with `width` 64 and the sub-pixel layer).

    Parameters
    ----------
    scale : int
        How many times higher and wider the output is.
    channels : int
        Of the picture, small and large.
    width : int
        At least 2.
    upsampler : str or callable
        As in `UNet`, but not ``"unpool"``: nothing is pooled here.

    Raises
    ------
    ValueError
        As `UNet`.

    Examples
    --------
    >>> ESPCN(3)(torch.zeros(2, 1, 25, 18)).shape
    torch.Size([2, 1, 75, 54])
    """

    def __init__(self, scale: int, channels: int = 1, width: int = 32, upsampler: Kind = "sub_pixel") -> None:
        super().__init__()
        self.channels, half = whole_number("channels", channels, 1), whole_number("width", width, 2) // 2
        self.features = nn.Sequential(_conv(channels, width, 5), nn.Tanh(), _conv(width, half), nn.Tanh())
        self.up = _made(_no_unpool(upsampler), half, channels, scale)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, s*H, s*W)."""
        _check_pictures(input, self.channels)
        return self.up(self.features(input))


class Generator(nn.Module):
    """``picture = net(z)`` with values between 0 and 1: a picture of any size from a vector, as in a GAN.

    A linear map gives a small map, `depth` times halved; blocks double it up to `size`; the last one writes the
    picture, and a sigmoid closes (after Radford et al. 2016, arXiv 1511.06434, but without batch normalisation).

    Parameters
    ----------
    latent : int
        Length of the vector.
    size : int or (H, W)
        Of the picture; any, odd too.
    channels : int
        Of the picture.
    width : int
        Channels before the last block; doubled by each block before it.
    depth : int
        Number of blocks, at least 1.
    upsampler : str or callable
        As in `UNet`, but not ``"unpool"``: nothing is pooled here.

    Raises
    ------
    ValueError
        As `UNet`.

    Examples
    --------
    >>> Generator(16, size=(25, 18))(torch.zeros(2, 16)).shape
    torch.Size([2, 1, 25, 18])
    """

    def __init__(
        self,
        latent: int,
        size: int | Sequence[int],
        channels: int = 1,
        width: int = 16,
        depth: int = 2,
        upsampler: Kind = "transposed",
    ) -> None:
        super().__init__()
        self.size, self.widths = per_axis("size", size, 2, 1), _widths(width, depth)
        self.start = (self.widths[-1], *_halvings(self.size, depth)[-1])
        self.linear = nn.Linear(whole_number("latent", latent, 1), self.start[0] * self.start[1] * self.start[2])
        _draw(self.linear, latent)
        self.up = _blocks(upsampler, [*self.widths[::-1], whole_number("channels", channels, 1)])

    def forward(self, z: Tensor) -> Tensor:
        """(N, latent) to (N, C, H, W)."""
        if z.ndim != 2 or z.shape[1] != self.linear.in_features:
            raise ValueError(f"z must be (N, {self.linear.in_features}), got {tuple(z.shape)}")
        return torch.sigmoid(_up(self.linear(z).unflatten(1, self.start), self.up, self.size))


def count_parameters(module: nn.Module) -> int:
    """Numbers that training changes: ``sum(p.numel() for p in module.parameters() if p.requires_grad)``.

    Parameters
    ----------
    module : torch.nn.Module

    Returns
    -------
    int
        Weights and biases, each number by itself; none that is frozen.

    Raises
    ------
    ValueError
        When `module` is no module.

    Examples
    --------
    A 3 x 3 convolution from 8 to 4 channels, 4 biases.

    >>> count_parameters(upsampler("nearest", 8, 4))
    292
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"module must be a torch.nn.Module, got {module!r}")
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _draw(layer: nn.Module, products: float, gain: float = 1) -> nn.Module:
    nn.init.normal_(layer.weight, std=sqrt(gain / products))
    nn.init.zeros_(layer.bias)
    return layer


def _conv(in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1, gain: float = 1) -> nn.Module:
    return _draw(
        nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2), in_channels * kernel**2, gain
    )


def _two_convs(in_channels: int, out_channels: int) -> nn.Module:
    first, second = _conv(in_channels, out_channels, gain=GAIN), _conv(out_channels, out_channels, gain=GAIN)
    return nn.Sequential(first, nn.LeakyReLU(SLOPE), second, nn.LeakyReLU(SLOPE))


def _widths(width: int, levels: int) -> list[int]:
    """Channels of each level, doubled by each."""
    width, levels = whole_number("width", width, 1), whole_number("depth", levels, 1)
    return [width * 2**i for i in range(levels)]


def _made(kind: Kind, in_channels: int, out_channels: int, scale: int = 2) -> nn.Module:
    make = kind if callable(kind) else partial(upsampler, kind)
    return make(in_channels, out_channels, scale)


def _no_unpool(kind: Kind) -> Kind:
    if kind == "unpool":
        raise ValueError('upsampler must not be "unpool" here: nothing is pooled that could leave indices')
    return kind


def _blocks(kind: Kind, channels: Sequence[int]) -> nn.ModuleList:
    return nn.ModuleList(_made(_no_unpool(kind), a, b) for a, b in pairwise(channels))


def _up(x: Tensor, blocks: nn.ModuleList, size: Sequence[int]) -> Tensor:
    """Through all blocks, meeting the sizes that halving `size` has passed through."""
    for block, between in zip(blocks, _halvings(size, len(blocks))[-2::-1], strict=True):
        x = block(F.leaky_relu(x, SLOPE), output_size=between)
    return x


def _halvings(size: Sequence[int], depth: int) -> list[tuple[int, ...]]:
    return [tuple(ceil(n / 2**i) for n in size) for i in range(depth + 1)]


def _fit(x: Tensor, size: Sequence[int]) -> Tensor:
    """Rows and columns at the end cut off or repeated."""
    x = x[..., : size[0], : size[1]]
    missing = [n - have for n, have in zip(size, x.shape[-2:], strict=True)]
    return F.pad(x, (0, missing[1], 0, missing[0]), mode="replicate") if any(missing) else x


def _near(exact: Sequence[int], scale: int, output_size: Sequence[int] | None) -> tuple[int, ...]:
    if output_size is None:
        return tuple(exact)
    size = per_axis("output_size", output_size, 2, 1)
    if any(abs(n - e) >= scale for n, e in zip(size, exact, strict=True)):
        raise ValueError(f"output_size must be within {scale - 1} of {tuple(exact)} on each axis, got {size}")
    return size


def _indices_for(x: Tensor, indices: Tensor | None) -> Tensor:
    if indices is None or indices.shape != x.shape:
        got = None if indices is None else tuple(indices.shape)
        raise ValueError(f"indices must be those of the max pooling to undo, of shape {tuple(x.shape)}, got {got}")
    return indices


def _check_pictures(input: Tensor, channels: int) -> None:
    if input.ndim != 4 or input.shape[1] != channels or 0 in input.shape[2:]:
        raise ValueError(f"input must be (N, {channels}, H, W) with H and W at least 1, got {tuple(input.shape)}")
