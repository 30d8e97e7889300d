"""What a network costs: multiply-adds counted layer by layer while it runs, and the time of a step as a ratio."""

import statistics
from collections.abc import Callable, Mapping

from torch import Tensor, nn

from resampling.cost import conv_cost, conv_transpose_cost

Clock = Callable[[], float]


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


def time_ratios(calls: Mapping[str, Callable[[], object]], rounds: int, clock: Clock) -> dict[str, list[float]]:
    """Time of each call over that of the first, for every round; in each round all take turns.

    Given are the first quartile, the median and the third.
    """
    for call in calls.values():
        call()
    seconds = [{name: _seconds(call, clock) for name, call in calls.items()} for _ in range(rounds)]
    first = next(iter(calls))
    return {name: statistics.quantiles([one[name] / one[first] for one in seconds], n=4) for name in calls}


def _seconds(call: Callable[[], object], clock: Clock) -> float:
    start = clock()
    call()
    return clock() - start
