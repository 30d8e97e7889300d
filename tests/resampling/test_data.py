"""The table tells the truth: every picture and signal loads without network, and each licence is the package's word."""

import re
import socket
import subprocess
import sys

import numpy as np
import pytest
import skimage.data
import sklearn.datasets
from matplotlib import cbook
from skimage.color import rgb2gray

from resampling.data import attribution, catalogue, picture, pictures, signal

PICTURES = (*catalogue("gray"), *catalogue("rgb"))
ids = {"ids": lambda dataset: getattr(dataset, "name", None)}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*args, **options):
        raise OSError("a loader asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def one_line(text):
    return re.sub(r"\s+", " ", text)


def what_the_package_says(dataset):
    if dataset.package == "scikit-image":
        return one_line(getattr(skimage.data, dataset.name).__doc__)
    if dataset.name == "digits":
        return one_line(sklearn.datasets.load_digits().DESCR)
    return one_line(sklearn.datasets.load_sample_images().DESCR)


def test_names_are_unique():
    names = [dataset.name for dataset in catalogue()]
    assert sorted(names) == sorted(set(names))
    assert {"astronaut", "brick", "camera", "chelsea", "china", "coffee", "coins", "digits", "flower", "grass"} <= {
        *names
    }


def test_the_catalogue_can_be_asked_for_a_kind():
    assert [dataset.name for dataset in catalogue("signal")] == ["eeg", "membrane"]
    parts = [catalogue(kind) for kind in ("gray", "rgb", "stack", "signal")]
    assert sorted(dataset.name for part in parts for dataset in part) == sorted(dataset.name for dataset in catalogue())


@pytest.mark.parametrize("dataset", [d for d in catalogue() if d.package != "matplotlib"], **ids)
def test_licence_credit_and_source_are_the_packages_word(dataset):
    said = what_the_package_says(dataset)
    assert dataset.quote in said
    assert dataset.source.removeprefix("https://doi.org/") in said
    for word in re.findall(r"\w{4,}", dataset.credit):
        assert word in said or word in ("Middlebury", "Flickr", "Labeled", "Wild", "Faces", "Wikipedia")


SHORT = {
    "CC0": r"\bCC0\b",
    "public domain": "public domain",
    "no known copyright restrictions": "^No known copyright restrictions",
    "not stated": "^$",
    "CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/)": "^Released under a creative commons license",
}


@pytest.mark.parametrize("dataset", catalogue(), **ids)
def test_the_short_licence_follows_from_the_quote(dataset):
    assert re.search(SHORT[dataset.licence], dataset.quote)
    if dataset.licence == "not stated" and dataset.package != "matplotlib":
        assert not re.search("CC0|public domain|copyright|licen", what_the_package_says(dataset), re.IGNORECASE)


def test_the_makers_of_china_and_flower_are_thanked():
    assert "https://creativecommons.org/licenses/by/2.0/" in what_the_package_says(catalogue("rgb")[-2])
    for name, maker in [("china", "danielbuechele"), ("flower", "vultilion")]:
        caption = attribution(name)
        assert f"{maker} (Flickr); licence CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/)" in caption
        assert f"flickr.com/photos/{maker}/" in caption


@pytest.mark.parametrize("dataset", catalogue(), **ids)
def test_each_has_a_caption(dataset):
    caption = attribution(dataset.name)
    for fact in (dataset.what, dataset.credit, f"licence {dataset.licence}", dataset.source, dataset.package):
        assert fact in caption
    assert "\n" not in caption
    assert "; ;" not in caption


@pytest.mark.parametrize("dataset", PICTURES, **ids)
def test_a_picture_is_channels_first_between_0_and_1_new_and_writable(dataset):
    first, again = picture(dataset.name), picture(dataset.name)
    assert first.ndim == (2 if dataset.kind == "gray" else 3)
    assert dataset.kind == "gray" or first.shape[0] == 3
    assert first.dtype == np.float64
    assert 0 <= first.min() < first.max() <= 1
    assert first.flags.writeable
    assert first.flags.c_contiguous
    assert not np.shares_memory(first, again)
    before = again.copy()
    first += 1
    np.testing.assert_array_equal(picture(dataset.name), before)


@pytest.mark.parametrize("dataset", [d for d in PICTURES if d.package == "scikit-image"], **ids)
def test_values_and_luminance_are_scikit_images(dataset):
    x = getattr(skimage.data, dataset.name)()
    x = skimage.util.img_as_float(x[0] if isinstance(x, tuple) else x)
    np.testing.assert_allclose(picture(dataset.name), x if x.ndim == 2 else np.moveaxis(x, -1, 0), rtol=1e-15)
    gray = picture(dataset.name, gray=True)
    np.testing.assert_allclose(gray, x if x.ndim == 2 else rgb2gray(x), atol=1e-12)


@pytest.mark.parametrize("name", ["china", "flower"])
def test_values_are_scikit_learns(name):
    x = sklearn.datasets.load_sample_image(f"{name}.jpg")
    np.testing.assert_array_equal(picture(name), np.moveaxis(x / 255, -1, 0))
    np.testing.assert_allclose(picture(name, gray=True), rgb2gray(x), atol=1e-12)


def test_heights_are_matplotlibs_with_north_on_top():
    sea, land = cbook.get_sample_data("topobathy.npz"), cbook.get_sample_data("jacksboro_fault_dem.npz")
    assert sea["latitude"][0] < sea["latitude"][-1]
    assert land["ymin"] > land["ymax"]
    for name, heights in [("topobathy", sea["topo"][::-1]), ("jacksboro_fault_dem", land["elevation"])]:
        x = picture(name)
        assert (x.min(), x.max()) == (0, 1)
        slope, least = np.polyfit(x.ravel(), heights.ravel().astype(float), 1)
        np.testing.assert_allclose(slope * x + least, heights, atol=1e-3)


def test_the_slice_of_a_head_is_8_bits_deep():
    x = picture("s1045")
    assert x.shape == (256, 256)
    np.testing.assert_allclose(x * 215, np.round(x * 215), atol=1e-9)


def test_the_horse_is_0_and_its_surroundings_1():
    horse = picture("horse")
    assert set(np.unique(horse)) == {0, 1}
    assert (horse[0, 0], horse[150, 200]) == (1, 0)


@pytest.mark.parametrize(("size", "rows", "columns"), [
    (512, slice(None), slice(None)),
    (100, slice(206, 306), slice(206, 306)),
    ((3, 512), slice(254, 257), slice(None)),
    ([1, 2], slice(255, 256), slice(255, 257)),
])  # fmt: skip
def test_size_keeps_the_middle(size, rows, columns):
    np.testing.assert_array_equal(picture("camera", size=size), picture("camera")[rows, columns])
    np.testing.assert_array_equal(picture("astronaut", size=size), picture("astronaut")[:, rows, columns])
    gray = picture("astronaut", gray=True)
    np.testing.assert_array_equal(picture("astronaut", size=size, gray=True), gray[rows, columns])
    assert picture("camera", size=size).flags.owndata


@pytest.mark.parametrize("dtype", ["float16", "float32", np.float32, np.dtype("float64")])
def test_the_dtype_can_be_chosen(dtype):
    for x in (picture("coins", dtype=dtype), picture("chelsea", dtype=dtype, gray=True)):
        assert x.dtype == dtype
    assert pictures("digits", dtype=dtype)[0].dtype == dtype
    np.testing.assert_array_equal(picture("coins", dtype=dtype), picture("coins").astype(dtype))


def test_digits_are_scikit_learns():
    x, labels = pictures("digits")
    bunch = sklearn.datasets.load_digits()
    np.testing.assert_array_equal(x * 16, bunch.images)
    np.testing.assert_array_equal(labels, bunch.target)


def test_faces_are_scikit_images():
    x, labels = pictures("lfw_subset")
    np.testing.assert_array_equal(x, skimage.data.lfw_subset())
    np.testing.assert_array_equal(labels, np.repeat([1, 0], 100))


@pytest.mark.parametrize("name", ["digits", "lfw_subset"])
def test_a_stack_is_new_and_writable(name):
    for ours, again in zip(pictures(name), pictures(name), strict=True):
        assert ours.flags.writeable
        assert not np.shares_memory(ours, again)
    assert [array.dtype for array in pictures(name)] == [np.float64, np.int64]


def test_signals_are_matplotlibs():
    (eeg, eeg_rate), (membrane, membrane_rate) = signal("eeg"), signal("membrane")
    with cbook.get_sample_data("eeg.dat") as file:
        np.testing.assert_array_equal(eeg, np.fromfile(file, np.float64).reshape(800, 4)[:, 0])
    with cbook.get_sample_data("membrane.dat") as file:
        np.testing.assert_array_equal(membrane, np.fromfile(file, np.float32))
    assert (len(eeg) / eeg_rate, len(membrane) / membrane_rate) == (10, 6)
    assert -80 < 100 * membrane.min() < 100 * membrane.max() < 10
    for x in (eeg, membrane):
        assert (x.ndim, x.dtype, x.flags.writeable) == (1, np.float64, True)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: picture("lena"), "name must be one of astronaut, brick, .*; got 'lena'"),
        (lambda: picture("digits"), "name must be one of .*; got 'digits'"),
        (lambda: pictures("camera"), "name must be one of digits, lfw_subset; got 'camera'"),
        (lambda: signal("camera"), "name must be one of eeg, membrane; got 'camera'"),
        (lambda: attribution("lena"), "name must be one of .*, membrane; got 'lena'"),
        (lambda: catalogue("video"), "kind must be one of rgb, gray, stack, signal, got 'video'"),
        (lambda: picture("page", size=192), r"size must be at most \(191, 384\), the whole picture, got 192"),
        (lambda: picture("page", size=(191, 385)), r"size must be at most \(191, 384\)"),
        (lambda: picture("page", size=0), "size must be a whole number >= 1, got 0"),
        (lambda: picture("page", size=(1, 2, 3)), "size must be one number or 2"),
        (lambda: picture("page", dtype="uint8"), "dtype must be a floating type, got 'uint8'"),
        (lambda: pictures("digits", dtype=int), "dtype must be a floating type"),
    ],
)
def test_a_bad_argument_is_refused_by_its_name(use, words):
    with pytest.raises(ValueError, match=words):
        use()


@pytest.mark.parametrize(("name", "module", "package"), [
    ("camera", "skimage", "scikit-image"),
    ("china", "sklearn", "scikit-learn"),
    ("grace_hopper", "matplotlib", "matplotlib"),
])  # fmt: skip
def test_a_missing_package_is_named_with_the_extra_that_brings_it(name, module, package, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError, match=rf'comes with {package}, .*: pip install "resampling\[data\]"'):
        picture(name)


def test_importing_the_module_imports_no_package_of_pictures():
    source = "import sys, resampling.data; sys.exit(bool({'skimage', 'sklearn', 'torch'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", source]).returncode == 0


@pytest.mark.parametrize("name", [["camera"], None, np.ones(2)], ids=repr)
def test_a_name_of_another_type_is_refused(name):
    with pytest.raises(ValueError, match="^name must be one of"):
        picture(name)


@pytest.mark.parametrize("dtype", ["x", 3, "int32", [1]], ids=repr)
def test_what_is_no_floating_dtype_is_refused(dtype):
    with pytest.raises(ValueError, match="^dtype must be a floating type, got"):
        picture("camera", dtype=dtype)
