"""What a network costs: multiply-adds, counted layer by layer while it runs."""

from torch import Tensor, nn

from resampling.cost import conv_cost, conv_transpose_cost


def multiply_adds(net: nn.Module, input: Tensor) -> int:
    """Multiply-adds of all convolutions and linear maps of ``net(input)``, those on padding included."""
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        counts.append(_products(layer, tuple(inputs[0].shape)))

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, LAYERS)]
    net(input)
    for hook in hooks:
        hook.remove()
    return sum(counts)


LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


def _products(layer: nn.Module, size: tuple[int, ...]) -> int:
    weight = tuple(layer.weight.shape)
    if isinstance(layer, nn.Linear):
        return size[0] * weight[0] * weight[1]
    if isinstance(layer, nn.ConvTranspose2d):
        return conv_transpose_cost(size, weight, layer.stride, layer.padding, algorithm="scatter").multiply_adds
    return conv_cost(size, weight, layer.stride, layer.padding).multiply_adds
