"""Times are taken in turns, and told as ratios: with a clock that is moved by hand, everything is known."""

import numpy as np
import pytest

from resampling import time_in_turns, time_ratios


class Time:
    """A clock that only the calls move on; `log` says who was called."""

    def __init__(self):
        self.now, self.log = 0.0, []

    def takes(self, name, *seconds):
        """A call that takes the seconds given, one after the other; then the last of them."""
        waiting = list(seconds)

        def call():
            self.log.append(name)
            self.now += waiting.pop(0) if len(waiting) > 1 else waiting[0]

        return call

    def read(self):
        return self.now


def test_the_first_call_is_not_counted():
    time = Time()
    seconds = time_in_turns({"a": time.takes("a", 100, 1, 2, 3)}, 4, clock=time.read)
    assert seconds == {"a": [1, 2, 3, 3]}


def test_all_take_turns_in_more_than_one_order():
    time = Time()
    time_in_turns({name: time.takes(name, 1) for name in "abc"}, 20, clock=time.read)
    rounds = [tuple(time.log[i : i + 3]) for i in range(3, 63, 3)]
    assert {"".join(sorted(one)) for one in rounds} == {"abc"}
    assert len(set(rounds)) > 2


def test_a_short_call_is_repeated_to_fill_a_block():
    time = Time()
    seconds = time_in_turns({"a": time.takes("a", 0.25)}, 2, clock=time.read, block=1.0)
    assert seconds == {"a": [0.25, 0.25]}
    assert len(time.log) == 2 + 2 * 4


def test_what_was_only_launched_is_waited_for():
    time, queue = Time(), []

    def wait():
        time.now += sum(queue)
        queue.clear()

    seconds = time_in_turns({"a": lambda: queue.append(5.0)}, 3, clock=time.read, wait=wait)
    assert seconds == {"a": [5.0] * 3}


def test_ratios_are_taken_round_by_round():
    slow = {"a": [1.0, 10.0, 2.0, 5.0], "b": [2.0, 30.0, 2.0, 5.0], "c": [4.0, 10.0, 1.0, 5.0]}
    got = time_ratios(slow)
    assert got["a"] == [1, 1, 1]
    for name in "bc":
        values = np.array(slow[name]) / slow["a"]
        np.testing.assert_allclose(got[name], np.quantile(values, (0.25, 0.5, 0.75)))
    np.testing.assert_allclose(time_ratios(slow, "b")["a"], np.quantile([1 / 2, 1 / 3, 1, 1], (0.25, 0.5, 0.75)))


@pytest.mark.parametrize("lists", [([1.0, 2.0], [1.0]), ([1.0], [2.0]), ([], [])], ids=repr)
def test_rounds_that_do_not_pair_are_refused(lists):
    with pytest.raises(ValueError, match="^seconds must hold two rounds or more"):
        time_ratios(dict(zip("ab", lists, strict=True)))


@pytest.mark.parametrize("rounds", [0, -1, 1.5, None], ids=repr)
def test_no_rounds_are_refused(rounds):
    with pytest.raises(ValueError, match="^rounds must be"):
        time_in_turns({"a": int}, rounds)
