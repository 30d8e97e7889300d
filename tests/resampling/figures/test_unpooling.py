"""The figures of the chapter on unpooling compute what they say."""

from resampling.figures.unpooling import memory_of_encoder


def test_indices_of_two_by_two_windows_are_as_large_as_maps_in_half_precision():
    kept = memory_of_encoder((32, 64), [(3, 2), (5, 2)])
    assert (
        kept["indices, int64"] == kept["maps before pooling, float16"] == 32 * kept["place in the window, packed bits"]
    )
