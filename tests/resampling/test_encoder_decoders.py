"""Blocks against the operators that they are made of; networks of every size, wired right, alive and able to learn."""

import subprocess
import sys
from functools import partial
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from resampling.convolution import conv2d
from resampling.data import picture, pictures
from resampling.encoder_decoders import ESPCN, Autoencoder, Generator, SegNet, UNet, count_parameters, upsampler
from resampling.sub_pixel import pixel_shuffle

RESIZE = ("nearest", "bilinear")
WITHOUT_INDICES = (*RESIZE, "transposed", "sub_pixel")
ALL = (*WITHOUT_INDICES, "unpool")
SIZES = ((1, 1), (1, 6), (2, 3), (5, 4), (8, 8), (17, 13))
NETWORKS = {
    **{f"UNet {kind}": partial(UNet, 3, 2, width=4, upsampler=kind) for kind in ALL},
    "SegNet": partial(SegNet, 3, 2, width=4),
    **{f"Autoencoder {kind}": partial(Autoencoder, 3, 2, width=4, upsampler=kind) for kind in WITHOUT_INDICES},
}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def places(batch, channels, size, scale, output_size=None):
    """Indices as max pooling gives them: for each pooled sample, a place in its window."""
    full = output_size or tuple(scale * n for n in size)
    row, column = torch.randint(scale, (2, batch, channels, *size))
    row = (row + scale * torch.arange(size[0])[:, None]).clamp(max=full[0] - 1)
    return row * full[1] + (column + scale * torch.arange(size[1])).clamp(max=full[1] - 1)


def block_and_input(kind, scale, size, channels=(3, 2), batch=2):
    block = upsampler(kind, *channels, scale).double()
    indices = places(batch, channels[1], size, scale) if kind == "unpool" else None
    return block, torch.randn(batch, channels[0], *size, dtype=torch.float64), indices


def continued(x, scale, mode):
    """Resized with one more row and column, equal to the last, at the low resolution."""
    return F.interpolate(F.pad(x, (0, 1, 0, 1), mode="replicate"), scale_factor=scale, mode=mode)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("scale", [1, 2, 3, 4, 5])
def test_a_block_multiplies_every_size_exactly(kind, scale):
    for size, batch in product(SIZES, [0, 1, 2]):
        block, x, indices = block_and_input(kind, scale, size, batch=batch)
        assert block(x, indices=indices).shape == (batch, 2, scale * size[0], scale * size[1])


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_a_block_meets_every_output_size_in_reach(kind, scale):
    h, w = 3, 4
    block, x, indices = block_and_input(kind, scale, (h, w))
    exact, weight = block(x, indices=indices), block.conv.weight
    for extra_h, extra_w in product(range(1 - scale, scale), repeat=2):
        size = scale * h + extra_h, scale * w + extra_w
        indices = places(2, 2, (h, w), scale, size)
        got = block(x, output_size=size, indices=indices)
        if kind in RESIZE:
            expected = F.conv2d(continued(x, scale, kind)[..., : size[0], : size[1]], weight, padding=1)
        elif kind == "transposed":
            more = max(extra_h, 0), max(extra_w, 0)
            expected = F.conv_transpose2d(x, weight, None, scale, scale // 2, more)[..., : size[0], : size[1]]
        elif kind == "sub_pixel":
            expected = F.pad(exact, (0, scale, 0, scale), mode="replicate")[..., : size[0], : size[1]]
        else:
            expected = F.max_unpool2d(F.conv2d(x, weight, padding=1), indices, scale, output_size=size)
        torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_block_is_made_of_the_librarys_operators(kind, scale):
    interpolate = pytest.importorskip("resampling.interpolation").interpolate
    conv_transpose2d = pytest.importorskip("resampling.transposed_convolution").conv_transpose2d
    max_unpool2d = pytest.importorskip("resampling.unpooling").max_unpool2d
    block, x, indices = block_and_input(kind, scale, (4, 5))
    nn.init.normal_(block.conv.bias)
    weight, bias = block.conv.weight, block.conv.bias
    expected = {
        "nearest": lambda: conv2d(interpolate(x, scale_factor=scale, mode="nearest"), weight, bias, padding=1),
        "bilinear": lambda: conv2d(interpolate(x, scale_factor=scale, mode="bilinear"), weight, bias, padding=1),
        "transposed": lambda: conv_transpose2d(x, weight, bias, stride=scale, padding=scale // 2),
        "sub_pixel": lambda: pixel_shuffle(conv2d(x, weight, bias, padding=1), scale),
        "unpool": lambda: max_unpool2d(conv2d(x, weight, bias, padding=1), indices, scale),
    }
    torch.testing.assert_close(block(x, indices=indices), expected[kind]())


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_sub_pixel_starts_as_a_convolution_with_nearest_upsampling(scale):
    block, x, _ = block_and_input("sub_pixel", scale, (4, 5), channels=(3, 4))
    small = F.conv2d(x, block.conv.weight[:: scale**2], padding=1)
    torch.testing.assert_close(block(x), F.interpolate(small, scale_factor=scale))


@pytest.mark.parametrize("kind", WITHOUT_INDICES)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_on_a_constant_only_the_transposed_block_starts_with_a_checkerboard(kind, scale):
    block = upsampler(kind, 3, 2, scale).double()
    inside = block(torch.ones(1, 3, 8, 8, dtype=torch.float64))[..., 2 * scale : -2 * scale, 2 * scale : -2 * scale]
    unevenness = inside.std(dim=(-2, -1)).min()
    assert unevenness > 0.05 if kind == "transposed" else unevenness < 1e-12


@pytest.mark.parametrize("kind", ["nearest", "transposed", "sub_pixel"])
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_a_block_keeps_the_mean_square(kind, scale):
    x = torch.randn(4, 128, 8, 8)
    got = upsampler(kind, 128, 64, scale)(x)[..., scale:-scale, scale:-scale]
    assert got.square().mean().item() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 5])
def test_parameters_are_counted(scale):
    taps = {"sub_pixel": 9 * scale**2, "transposed": (2 * scale - scale % 2) ** 2}
    for kind in ALL:
        biases = 4 * scale**2 if kind == "sub_pixel" else 4
        assert count_parameters(upsampler(kind, 5, 4, scale)) == 5 * 4 * taps.get(kind, 9) + biases
    frozen = upsampler("nearest", 5, 4).requires_grad_(False)
    assert count_parameters(frozen) == 0


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_gives_back_every_size(name, dtype, device):
    for depth, size, batch in product([1, 2, 4], SIZES, [0, 2]):
        net = NETWORKS[name](depth=depth).to(device, dtype)
        got = net(torch.randn(batch, 3, *size, dtype=dtype, device=device))
        assert got.shape == (batch, 3 if "Auto" in name else 2, *size)
        assert (got.dtype, got.device.type) == (dtype, device)


@pytest.mark.parametrize("kind", WITHOUT_INDICES)
def test_generator_and_super_resolution_have_the_size_they_promise(kind):
    for size, depth in product([*SIZES, 25], [1, 2, 3]):
        got = Generator(5, size, channels=3, width=2, depth=depth, upsampler=kind)(torch.randn(2, 5))
        assert got.shape == (2, 3, *((size, size) if isinstance(size, int) else size))
        assert 0 < got.min() <= got.max() < 1
    for size, scale in product(SIZES, [1, 2, 3, 4]):
        got = ESPCN(scale, 3, width=4, upsampler=kind)(torch.randn(2, 3, *size))
        assert got.shape == (2, 3, scale * size[0], scale * size[1])


def living(net, *args):
    """For each parameter, whether each of its numbers has a gradient."""
    net(*args).square().sum().backward()
    return {name: bool((p.grad != 0).all()) for name, p in net.named_parameters()}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_every_parameter(name):
    alive = living(NETWORKS[name]().double(), torch.randn(4, 3, 17, 22, dtype=torch.float64))
    assert [name for name, has in alive.items() if not has] == []


@pytest.mark.parametrize("kind", WITHOUT_INDICES)
def test_gradients_reach_every_parameter_of_generator_and_super_resolution(kind):
    generator = Generator(6, (13, 9), width=4, upsampler=kind).double()
    assert all(living(generator, torch.randn(64, 6, dtype=torch.float64)).values())
    espcn = ESPCN(2, width=8, upsampler=kind).double()
    assert all(living(espcn, torch.randn(4, 1, 9, 7, dtype=torch.float64)).values())


def set_to_identity(conv, reads=None):
    """Output channel c of a convolution becomes input channel ``reads[c]``, the others 0."""
    with torch.no_grad():
        conv.weight.zero_()
        for out, source in enumerate(reads if reads is not None else range(conv.out_channels)):
            if source is not None and source < conv.in_channels:
                conv.weight[out, source, conv.kernel_size[0] // 2, conv.kernel_size[1] // 2] = 1


def convolutions(net):
    return [module for module in net.modules() if isinstance(module, nn.Conv2d)]


def unet_that_passes(kind, depth, through):
    """U-Net whose weights only hand channel 0 on: by the first skip, or through the deepest level."""
    net = UNet(1, 1, width=2, depth=depth, upsampler=kind).double()
    for conv in convolutions(net):
        set_to_identity(conv, [0] + [None] * (conv.out_channels - 1))
    for join in net.join:
        set_to_identity(
            join[0], [0 if through == "skip" else join[0].out_channels] + [None] * (join[0].out_channels - 1)
        )
    return net


@pytest.mark.parametrize("kind", ALL)
def test_the_skip_of_a_unet_can_be_the_identity(kind):
    for size, depth in product(SIZES, [1, 2, 3]):
        x = torch.rand(2, 1, *size, dtype=torch.float64)
        torch.testing.assert_close(unet_that_passes(kind, depth, "skip")(x), x)


def test_the_deep_way_of_a_unet_lands_where_it_came_from():
    for size, depth in product(SIZES, [1, 2, 3]):
        x = torch.rand(2, 1, *size, dtype=torch.float64)
        deep = F.max_pool2d(F.pad(x, (0, -size[1] % 2**depth, 0, -size[0] % 2**depth)), 2**depth)
        expected = F.interpolate(deep, scale_factor=2**depth)[..., : size[0], : size[1]]
        torch.testing.assert_close(unet_that_passes("nearest", depth, "deep")(x), expected)


@pytest.mark.parametrize("through", ["UNet", "SegNet"])
def test_unpooling_puts_each_maximum_back_to_its_place(through):
    for size, depth in product(SIZES, [1, 2, 3]):
        x = torch.rand(2, 1, *size, dtype=torch.float64)
        if through == "UNet":
            net = unet_that_passes("unpool", depth, "deep")
        else:
            net = SegNet(1, 1, width=1, depth=depth).double()
            for conv in convolutions(net):
                set_to_identity(conv, [0] + [None] * (conv.out_channels - 1))
        padded = F.pad(x, (0, -size[1] % 2**depth, 0, -size[0] % 2**depth))
        greatest = F.interpolate(F.max_pool2d(padded, 2**depth), scale_factor=2**depth)[..., : size[0], : size[1]]
        torch.testing.assert_close(net(x), torch.where(x == greatest, x, 0))


def test_a_block_of_ones_own_can_be_plugged_in():
    class Own(nn.Module):
        def __init__(self, in_channels, out_channels, scale):
            super().__init__()
            self.conv, self.scale, self.asked = nn.Conv2d(in_channels, out_channels, 1), scale, []

        def forward(self, input, output_size=None, indices=None):
            self.asked.append((output_size, indices))
            return F.interpolate(self.conv(input), output_size or [self.scale * n for n in input.shape[-2:]])

    net = UNet(1, 1, width=2, depth=2, upsampler=Own)
    assert net(torch.rand(1, 1, 7, 5)).shape == (1, 1, 7, 5)
    assert [up.asked[0][0] for up in net.up] == [(4, 3), (7, 5)]
    assert [up.asked[0][1].shape for up in net.up] == [(1, 4, 2, 2), (1, 2, 4, 3)]
    for other in (Autoencoder(1, upsampler=Own), UNet(1, 1, upsampler=partial(upsampler, "bilinear"))):
        assert other(torch.rand(1, 1, 7, 5)).shape == (1, 1, 7, 5)
    assert ESPCN(3, upsampler=Own)(torch.rand(1, 1, 7, 5)).shape == (1, 1, 21, 15)
    assert Generator(2, 9, upsampler=Own)(torch.rand(1, 2)).shape == (1, 1, 9, 9)


def test_espcn_is_the_papers_formula():
    net = ESPCN(3, channels=2, width=6).double()
    first, second, last = convolutions(net)
    assert [conv.weight.shape for conv in (first, second, last)] == [(6, 2, 5, 5), (3, 6, 3, 3), (18, 3, 3, 3)]
    x = torch.randn(2, 2, 5, 4, dtype=torch.float64)
    hidden = torch.tanh(conv2d(torch.tanh(conv2d(x, first.weight, padding=2)), second.weight, padding=1))
    torch.testing.assert_close(net(x), pixel_shuffle(conv2d(hidden, last.weight, padding=1), 3))


def test_an_autoencoder_is_its_two_halves():
    net, x = Autoencoder(3, 2, width=4, depth=3), torch.rand(2, 3, 17, 22)
    code = net.encode(x)
    assert code.shape == (2, 2, 3, 3)
    torch.testing.assert_close(net.decode(code, (17, 22)), net(x))
    assert net.decode(code).shape == (2, 3, 24, 24)
    assert net.decode(code, 23).shape == (2, 3, 23, 23)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_seed_decides_the_weights_and_a_state_dict_holds_them_all(name):
    x, nets = torch.rand(1, 3, 9, 6), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        nets.append(NETWORKS[name]())
    same, again, other = nets
    assert torch.equal(same(x), again(x))
    assert not torch.equal(same(x), other(x))
    other.load_state_dict(same.state_dict())
    assert torch.equal(same(x), other(x))


def losses(net, inputs, targets, loss, steps, rate=1e-2):
    optimiser, history = torch.optim.Adam(net.parameters(), rate), []
    for _ in range(steps):
        optimiser.zero_grad()
        value = loss(net(inputs), targets)
        value.backward()
        optimiser.step()
        history.append(value.item())
    return history


def learning():
    """Small real tasks, and how far the loss must fall."""
    coins = torch.tensor(picture("coins", size=32, dtype="float32"))[None, None]
    digits = torch.tensor(pictures("digits", dtype="float32")[0][:32, None])
    horse = torch.tensor(picture("horse", dtype="float32")[::16, ::16])[None, None]
    for kind in ALL:
        yield f"UNet {kind}", UNet(1, 1, 8, upsampler=kind), horse, 1 - horse, F.binary_cross_entropy_with_logits
    yield "SegNet", SegNet(1, 1, 8), horse, 1 - horse, F.binary_cross_entropy_with_logits
    for kind in WITHOUT_INDICES:
        yield f"Autoencoder {kind}", Autoencoder(1, 8, 8, 2, kind), digits, digits, F.mse_loss
        yield f"ESPCN {kind}", ESPCN(2, 1, 8, kind), F.avg_pool2d(coins, 2), coins, F.mse_loss
        yield f"Generator {kind}", Generator(8, 8, 1, 8, 2, kind), torch.randn(32, 8), digits, F.mse_loss


def test_a_few_steps_lower_the_loss_and_the_same_seed_the_same_way():
    for name, net, inputs, targets, loss in learning():
        start = {key: value.clone() for key, value in net.state_dict().items()}
        history = losses(net, inputs, targets, loss, steps=15)
        assert history[-1] < 0.8 * history[0], name
        net.load_state_dict(start)
        assert losses(net, inputs, targets, loss, steps=3) == history[:3], name


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: upsampler("cubic", 1, 1), "kind must be one of nearest, bilinear, .*, got 'cubic'"),
        (lambda: upsampler("nearest", 0, 1), "in_channels must be a whole number >= 1, got 0"),
        (lambda: upsampler("nearest", 1, 1.0), "out_channels must be a whole number >= 1, got 1.0"),
        (lambda: upsampler("nearest", 1, 1, True), "scale must be a whole number >= 1, got True"),
        (lambda: UNet(1, 1, depth=0), "depth must be a whole number >= 1, got 0"),
        (lambda: UNet(1, 1, depth=True), "depth must be a whole number >= 1, got True"),
        (lambda: UNet(1, 1, width=0), "width must be a whole number >= 1, got 0"),
        (lambda: UNet(0, 1), "in_channels must be a whole number >= 1, got 0"),
        (lambda: UNet(1, 0), "out_channels must be a whole number >= 1, got 0"),
        (lambda: UNet(1, 1, upsampler="cubic"), "kind must be one of .*, got 'cubic'"),
        (lambda: SegNet(1, 1, depth=0), "depth must be a whole number >= 1, got 0"),
        (lambda: SegNet(1.5, 1), "in_channels must be a whole number >= 1, got 1.5"),
        (lambda: SegNet(1, 0), "out_channels must be a whole number >= 1, got 0"),
        (lambda: Autoencoder(1, 0), "code_channels must be a whole number >= 1, got 0"),
        (lambda: Autoencoder(0), "in_channels must be a whole number >= 1, got 0"),
        (lambda: Autoencoder(1, upsampler="unpool"), 'upsampler must not be "unpool" here'),
        (lambda: ESPCN(0), "scale must be a whole number >= 1, got 0"),
        (lambda: ESPCN(2, 0), "channels must be a whole number >= 1, got 0"),
        (lambda: ESPCN(2, width=1), "width must be a whole number >= 2, got 1"),
        (lambda: ESPCN(2, upsampler="unpool"), 'upsampler must not be "unpool" here'),
        (lambda: count_parameters([]), r"module must be a torch.nn.Module, got \[\]"),
        (lambda: Generator(0, 8), "latent must be a whole number >= 1, got 0"),
        (lambda: Generator(4, (8, 8, 8)), r"size must be one number or 2, got \(8, 8, 8\)"),
        (lambda: Generator(4, 8, depth=0), "depth must be a whole number >= 1, got 0"),
        (lambda: Generator(4, 8, channels=0), "channels must be a whole number >= 1, got 0"),
        (lambda: Generator(4, 8, upsampler="unpool"), 'upsampler must not be "unpool" here'),
    ],
)
def test_a_bad_argument_is_refused_by_its_name(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("make", [lambda: upsampler("nearest", 3, 1), *NETWORKS.values(), lambda: ESPCN(2, 3)])
@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 2, 4, 4), (1, 3, 0, 4), (1, 3, 4, 4, 4)])
def test_an_input_that_does_not_fit_is_refused_with_its_shape(make, shape):
    with pytest.raises(ValueError, match=r"input must be \(N, 3, H, W\)"):
        make()(torch.zeros(shape))


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: upsampler("unpool", 3, 2)(torch.zeros(1, 3, 4, 5)), r"indices must .* \(1, 2, 4, 5\), got None"),
        (
            lambda: upsampler("unpool", 3, 2)(torch.zeros(1, 3, 4, 5), indices=torch.zeros(1, 3, 4, 5).long()),
            r"indices must .* \(1, 2, 4, 5\), got \(1, 3, 4, 5\)",
        ),
        *(
            (partial(upsampler(kind, 3, 2, 3), torch.zeros(1, 3, 4, 5), output_size=size), words)
            for kind in WITHOUT_INDICES
            for size, words in [
                ((15, 15), r"output_size must be within 2 of \(12, 15\) on each axis, got \(15, 15\)"),
                ((12, 12), r"output_size must be within 2 of \(12, 15\) on each axis, got \(12, 12\)"),
                ((12, 15, 1), r"output_size must be one number or 2"),
            ]
        ),
        (lambda: Generator(4, 8)(torch.zeros(1, 5)), r"z must be \(N, 4\), got \(1, 5\)"),
        (lambda: Generator(4, 8)(torch.zeros(4)), r"z must be \(N, 4\), got \(4,\)"),
        (lambda: Autoencoder(1).decode(torch.zeros(1, 1, 4, 4)), r"input must be \(N, 4, H, W\)"),
        (lambda: Autoencoder(1).decode(torch.zeros(1, 4, 4, 4), (90, 16)), "output_size must be within 1 of"),
    ],
)
def test_what_does_not_fit_in_use_is_refused(use, words):
    with pytest.raises(ValueError, match=words):
        use()


def test_without_torch_the_error_says_what_to_install():
    source = "import sys; sys.modules['torch'] = None; import resampling.encoder_decoders"
    got = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert got.returncode == 1
    assert 'resampling.encoder_decoders needs PyTorch: pip install "resampling[torch]"' in got.stderr


def test_a_block_says_what_it_is():
    assert repr(upsampler("sub_pixel", 3, 2)).startswith("Upsampler(\n  sub_pixel, scale=2")
