"""A matrix as a picture: white zeros, readable numbers, symmetric colours."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from resampling.figures.matrices import draw_matrix

MATRIX = np.array([[1.0, -2.0, 0.0], [0.25, 3.0, 1 / 3]])


def drawn(matrix, **options):
    ax = Figure().subplots()
    draw_matrix(ax, matrix, **options)
    return ax


def test_numbers_stand_in_their_cells():
    texts = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in drawn(MATRIX).texts}
    assert texts == {(0, 0): "1", (0, 1): "-2", (0, 2): "0", (1, 0): "0.25", (1, 1): "3", (1, 2): "0.333"}


@pytest.mark.parametrize(
    ("matrix", "numbers", "count"), [(MATRIX, False, 0), (np.ones((15, 2)), None, 0), (np.ones((15, 2)), True, 30)]
)
def test_numbers_are_left_out_where_they_do_not_fit(matrix, numbers, count):
    assert len(drawn(matrix, numbers=numbers).texts) == count


@pytest.mark.parametrize("matrix", [MATRIX, -MATRIX, 0 * MATRIX, np.ones((1, 1))])
def test_zero_is_the_middle_of_the_colours(matrix):
    image = drawn(matrix).images[0]
    assert image.norm(0.0) == 0.5
    assert min(image.cmap(0.5)[:3]) > 0.95


def test_black_numbers_can_be_read_on_every_cell():
    image = drawn(MATRIX).images[0]
    channels = np.array([image.cmap(image.norm(v))[:3] for v in (-3.0, 3.0)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    assert np.all((linear @ [0.2126, 0.7152, 0.0722] + 0.05) / 0.05 > 4.5)


def test_a_scale_can_be_given():
    assert drawn(MATRIX, largest=10).images[0].get_clim() == (-20, 20)
