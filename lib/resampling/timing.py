"""How long calls take, compared fairly: they take turns, and what is told is a ratio with its spread."""

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

from resampling.grid_sizes import real_number, whole_number

__all__ = ["time_in_turns", "time_ratios"]

Clock = Callable[[], float]


def time_in_turns(
    calls: Mapping[str, Callable[[], Any]],
    rounds: int,
    *,
    clock: Clock = perf_counter,
    wait: Callable[[], Any] = lambda: None,
    block: float = 0.0,
) -> dict[str, list[float]]:
    """Seconds of each call in each round: in every round all take turns, in an order drawn anew.

    Each is called once before, and that is not counted: first calls load, compile and allocate.

    Parameters
    ----------
    calls : mapping of str to callable
        What to time, by name.
    rounds : int
    clock : callable
        ``time.perf_counter``; ``time.process_time`` counts only this process.
    wait : callable
        Comes back when all that was begun is done: ``torch.cuda.synchronize`` where calls only launch.
    block : float
        Seconds that a measurement should last at least. A shorter call is repeated, and the mean is taken.

    Returns
    -------
    dict of str to list of float

    Raises
    ------
    ValueError
        When `rounds` is not a positive whole number, or `block` is negative.

    Examples
    --------
    >>> seconds = time_in_turns({"a": lambda: sum(range(10)), "b": lambda: sum(range(20))}, rounds=3)
    >>> {name: len(times) for name, times in seconds.items()}
    {'a': 3, 'b': 3}
    """

    def measured(name: str, times: int) -> float:
        wait()
        start = clock()
        for _ in range(times):
            calls[name]()
        wait()
        return (clock() - start) / times

    whole_number("rounds", rounds, 1)
    real_number("block", block, "0 or a positive number of seconds", lambda seconds: seconds >= 0)
    times = {}
    for name, call in calls.items():
        call()
        times[name] = max(1, round(block / max(measured(name, 1), 1e-9))) if block else 1
    seconds, draw = {name: [] for name in calls}, random.Random(0)
    for _ in range(rounds):
        for name in draw.sample(list(calls), len(calls)):
            seconds[name].append(measured(name, times[name]))
    return seconds


def time_ratios(seconds: Mapping[str, Sequence[float]], peer: str | None = None) -> dict[str, list[float]]:
    """First quartile, median and third of ``seconds[name][i] / seconds[peer][i]``, over the rounds ``i``.

    Between two ratios it is interpolated linearly, as `numpy.quantile` does.

    Parameters
    ----------
    seconds : mapping of str to sequence of float
        As `time_in_turns` returns it: two rounds or more.
    peer : str, optional
        What the others are compared with; the first when left out.

    Returns
    -------
    dict of str to list of three float

    Raises
    ------
    ValueError
        When there are not as many rounds of each, or fewer than two.

    Examples
    --------
    >>> time_ratios({"a": [1.0, 2.0, 1.0], "b": [2.0, 2.0, 3.0]})["b"]
    [1.5, 2.0, 2.5]
    """
    if min(map(len, seconds.values())) < 2 or len(set(map(len, seconds.values()))) > 1:
        raise ValueError(f"seconds must hold two rounds or more, as many of each, got {dict(seconds)}")
    of_peer = seconds[next(iter(seconds)) if peer is None else peer]
    ratios = {name: [mine / its for mine, its in zip(times, of_peer, strict=True)] for name, times in seconds.items()}
    return {name: statistics.quantiles(values, n=4, method="inclusive") for name, values in ratios.items()}
