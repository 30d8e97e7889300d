"""Pictures and signals that come with scikit-image, scikit-learn and Matplotlib: no network, nothing to download.

The table `_TABLE` is the one source of facts: what there is, who made it, and what its package says of the licence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from resampling.grid_sizes import per_axis

__all__ = ["Dataset", "attribution", "catalogue", "picture", "pictures", "signal"]

Array = Any
_LUMINANCE = (0.2125, 0.7154, 0.0721)
_CC0, _NO_KNOWN, _NOT_STATED = "CC0", "no known copyright restrictions", "not stated"
_CC_BY = "CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/)"


@dataclass(frozen=True)
class Dataset:
    """One line of the table: what a picture or a signal is, and whom to thank for it.

    Parameters
    ----------
    name : str
        How `picture`, `pictures` or `signal` call it.
    kind : str
        ``"gray"`` and ``"rgb"`` pictures, a ``"stack"`` of small gray pictures, or a ``"signal"``.
    package : str
        The package on PyPI that ships it.
    what : str
        What it shows.
    licence : str
        Short form of `quote`; ``"not stated"`` where the package says nothing of this file.
    credit, source : str
        Who made it, and where the package says that it came from; empty where it does not say.
    quote : str
        The package's own words on the licence.
    rate : float, optional
        Sampling rate of a signal, in samples per second.

    Examples
    --------
    >>> catalogue("signal")[1].rate
    2000.0
    """

    name: str
    kind: str
    package: str
    what: str
    licence: str = _NOT_STATED
    credit: str = ""
    source: str = ""
    quote: str = ""
    rate: float | None = None


_CC0_TEXTURE = "licensed under the Creative Commons CC0 License"
_PUBLIC = "No known copyright restrictions, released into the public domain."
_SOME_RIGHTS = "Released under a creative commons license. [1]"
_FLICKR = "https://www.flickr.com/photos"
# The notice of flower.jpg names the maker of china.jpg; both its links lead to vultilion.
_TABLE = (
    Dataset("astronaut", "rgb", "scikit-image", "Eileen Collins, astronaut", "public domain", "NASA",
            "https://flic.kr/p/r9qvLn", _PUBLIC),
    Dataset("brick", "gray", "scikit-image", "Brick wall", _CC0, "CC0Textures",
            "https://cc0textures.com/view.php?tex=Bricks25", _CC0_TEXTURE),
    Dataset("camera", "gray", "scikit-image", "Photographer with a camera", _CC0, "Lav Varshney", "",
            "No copyright restrictions. CC0 by the photographer (Lav Varshney)."),
    Dataset("cell", "gray", "scikit-image", "Cell floating in saline, phase of a hologram", _CC0, "Paul Müller et al.",
            "https://doi.org/10.1364/OE.26.010729", "This image is CC0, dedicated to the public domain."),
    Dataset("checkerboard", "gray", "scikit-image", "Checkerboard"),
    Dataset("chelsea", "rgb", "scikit-image", "Chelsea the cat", _CC0, "Stefan van der Walt", "",
            "No copyright restrictions. CC0 by the photographer (Stefan van der Walt)."),
    Dataset("clock", "gray", "scikit-image", "Wall clock, blurred by motion", "public domain", "Stefan van der Walt",
            "", "Released into the public domain by the photographer (Stefan van der Walt)."),
    Dataset("coffee", "rgb", "scikit-image", "Coffee cup", _CC0, "Rachel Michetti, courtesy of Pikolo Espresso Bar", "",
            "No copyright restrictions. CC0 by the photographer (Rachel Michetti)."),
    Dataset("coins", "gray", "scikit-image", "Greek coins from Pompeii", _NO_KNOWN, "Brooklyn Museum Collection",
            "https://www.brooklynmuseum.org/opencollection/archives/image/51611", "No known copyright restrictions."),
    Dataset("colorwheel", "rgb", "scikit-image", "Colour wheel"),
    Dataset("grass", "gray", "scikit-image", "Grass", _CC0, "linolafett",
            "https://www.deviantart.com/linolafett/art/Grass-01-434853879", _CC0_TEXTURE),
    Dataset("gravel", "gray", "scikit-image", "Gravel", _CC0, "CC0Textures",
            "https://cc0textures.com/view.php?tex=Gravel04", _CC0_TEXTURE),
    Dataset("horse", "gray", "scikit-image", "Silhouette of a horse: 0 on the horse, 1 around it", _CC0,
            "Andreas Preuss (marauder)", "http://openclipart.org/detail/158377/horse-by-marauder",
            "No copyright restrictions. CC0 given by owner (Andreas Preuss (marauder))."),
    Dataset("hubble_deep_field", "rgb", "scikit-image", "Hubble eXtreme Deep Field", "public domain", "NASA",
            "http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
            "may be freely used in the public domain"),
    Dataset("immunohistochemistry", "rgb", "scikit-image", "Colonic glands, stained", _NO_KNOWN,
            "Center for Microscopy And Molecular Imaging (CMMI)", "", "No known copyright restrictions."),
    Dataset("microaneurysms", "gray", "scikit-image", "Detail of a retina with lesions", _CC0, "Andreas Maier",
            "https://www5.cs.fau.de/research/data/fundus-images/",
            "No copyright restrictions. CC0 given by owner (Andreas Maier)."),
    Dataset("moon", "gray", "scikit-image", "Surface of the moon"),
    Dataset("page", "gray", "scikit-image", "Scanned page of print"),
    Dataset("retina", "rgb", "scikit-image", "Human retina", _CC0, "Mikael Häggström",
            "https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg",
            "This file is made available under the Creative Commons CC0 1.0 Universal Public Domain Dedication."),
    Dataset("rocket", "rgb", "scikit-image", "Launch of DSCOVR on a Falcon 9", "public domain", "SpaceX",
            f"{_FLICKR}/spacexphotos/16511594820/in/photostream/", "released in the public domain"),
    Dataset("shepp_logan_phantom", "gray", "scikit-image", "Shepp-Logan phantom", _NOT_STATED,
            "L. A. Shepp and B. F. Logan", "https://doi.org/10.1109/TNS.1974.6499235"),
    Dataset("stereo_motorcycle", "rgb", "scikit-image", "Motorcycle, left picture of a stereo pair", _NOT_STATED,
            "Middlebury 2014 stereo benchmark (D. Scharstein et al.)",
            "http://vision.middlebury.edu/stereo/data/scenes2014/"),
    Dataset("text", "gray", "scikit-image", "Words in gray, for corners", "public domain", "Wikipedia",
            "https://en.wikipedia.org/wiki/File:Corner.png", _PUBLIC),
    Dataset("china", "rgb", "scikit-learn", "Temple in China", _CC_BY, "danielbuechele (Flickr)",
            f"{_FLICKR}/danielbuechele/6061409035/sizes/z/in/photostream/", _SOME_RIGHTS),
    Dataset("flower", "rgb", "scikit-learn", "Flower", _CC_BY, "vultilion (Flickr)",
            f"{_FLICKR}/vultilion/6056698931/sizes/z/in/photostream/", _SOME_RIGHTS),
    Dataset("grace_hopper", "rgb", "matplotlib", "Grace Hopper"),
    Dataset("s1045", "gray", "matplotlib", "Slice of a head, magnetic resonance"),
    Dataset("topobathy", "gray", "matplotlib", "Heights of land and sea floor at 48 to 50 degrees north"),
    Dataset("jacksboro_fault_dem", "gray", "matplotlib", "Heights of land around the Jacksboro fault"),
    Dataset("digits", "stack", "scikit-learn", "1797 handwritten digits; labels 0 to 9", _NOT_STATED, "E. Alpaydin",
            "https://archive.ics.uci.edu/ml/datasets/Optical+Recognition+of+Handwritten+Digits"),
    Dataset("lfw_subset", "stack", "scikit-image", "100 faces (label 1), then 100 non-faces (label 0)", _NOT_STATED,
            "Labeled Faces in the Wild (G. Huang et al.)", "http://vis-www.cs.umass.edu/lfw/"),
    # Rates as in the examples of Matplotlib's documentation: 800 samples in 10 s, and one every 0.0005 s.
    Dataset("eeg", "signal", "matplotlib", "Electroencephalogram, the first of four traces", rate=80.0),
    Dataset("membrane", "signal", "matplotlib", "Membrane potential, in units of 100 mV", rate=2000.0),
)  # fmt: skip


def catalogue(kind: str | None = None) -> tuple[Dataset, ...]:
    """All the pictures and signals there are, or those with ``dataset.kind == kind``.

    Parameters
    ----------
    kind : {"gray", "rgb", "stack", "signal"}, optional

    Returns
    -------
    tuple of Dataset
        With name, kind, package, what, licence, credit, source, quote and rate of each.

    Raises
    ------
    ValueError
        When there is no such kind.

    Examples
    --------
    >>> [dataset.name for dataset in catalogue("stack")]
    ['digits', 'lfw_subset']
    """
    kinds = tuple(dict.fromkeys(dataset.kind for dataset in _TABLE))
    if kind is not None and (not isinstance(kind, str) or kind not in kinds):
        raise ValueError(f"kind must be one of {', '.join(kinds)}, got {kind!r}")
    return tuple(dataset for dataset in _TABLE if kind in (None, dataset.kind))


def attribution(name: str) -> str:
    """One line for a caption: ``what: credit; licence; source; package that ships it``.

    Parameters
    ----------
    name : str
        Any name in `catalogue`.

    Returns
    -------
    str
        With the licence's address where it asks for one.

    Raises
    ------
    ValueError
        When the name is unknown.

    Examples
    --------
    >>> attribution("camera")
    'Photographer with a camera: Lav Varshney; licence CC0; shipped with scikit-image'
    """
    dataset = _named(name)
    facts = (dataset.credit, f"licence {dataset.licence}", dataset.source, f"shipped with {dataset.package}")
    return f"{dataset.what}: {'; '.join(fact for fact in facts if fact)}"


def picture(
    name: str, *, gray: bool = False, size: int | Sequence[int] | None = None, dtype: Any = "float64"
) -> np.ndarray:
    """A picture with values in ``[0, 1]``, as ``x[h, w]`` when gray and ``x[c, h, w]`` in colour.

    Bytes are divided by 255; other numbers (heights, counts) go linearly from their least, 0, to their greatest, 1.

    Parameters
    ----------
    name : str
        A name of kind ``"gray"`` or ``"rgb"`` in `catalogue`.
    gray : bool
        Whether a picture in colour becomes its luminance ``0.2125 R + 0.7154 G + 0.0721 B``.
    size : int or (H, W), optional
        Keep the middle H x W pixels (the upper and left ones of two middles). Cropped: nothing is resampled.
    dtype : dtype
        A floating type of NumPy.

    Returns
    -------
    numpy.ndarray (H, W) or (3, H, W)
        New and writable.

    Raises
    ------
    ValueError
        When the name is unknown, the size larger than the picture, or the dtype not floating.
    ModuleNotFoundError
        When the package that ships it is not installed.

    Examples
    --------
    >>> picture("camera").shape, picture("china").shape, picture("china", gray=True, size=(64, 48)).shape
    ((512, 512), (3, 427, 640), (64, 48))
    """
    x = _unit_range(_loaded(_named(name, "gray", "rgb")))
    if x.ndim == 3:
        x = x @ np.array(_LUMINANCE) if gray else x.transpose(2, 0, 1)
    return np.array(x if size is None else _middle(x, size), _floating(dtype), order="C")


def pictures(name: str, *, dtype: Any = "float64") -> tuple[np.ndarray, np.ndarray]:
    """A stack of small pictures ``x[i, h, w]`` with values in ``[0, 1]``, and the label of each.

    Parameters
    ----------
    name : {"digits", "lfw_subset"}
        1797 digits of 8 x 8 pixels, or 200 patches of 25 x 25.
    dtype : dtype
        A floating type of NumPy.

    Returns
    -------
    numpy.ndarray (N, H, W)
        New and writable.
    numpy.ndarray (N,)
        Labels, int64: the digit; or 1 for a face and 0 for none.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As `picture`.

    Examples
    --------
    >>> digits, labels = pictures("digits")
    >>> digits.shape, labels[:4]
    ((1797, 8, 8), array([0, 1, 2, 3]))
    """
    dataset = _named(name, "stack")
    x = _unit_range(_loaded(dataset)).astype(_floating(dtype))
    if dataset.name == "lfw_subset":
        return x, (np.arange(len(x)) < 100).astype(np.int64)
    return x, _from("scikit-learn").load_digits().target.astype(np.int64)


def signal(name: str) -> tuple[np.ndarray, float]:
    """Samples ``x[i]``, taken ``i / rate`` seconds after the first, and the rate.

    Parameters
    ----------
    name : {"eeg", "membrane"}

    Returns
    -------
    numpy.ndarray (n,)
        float64, new and writable, in the units that `catalogue` says.
    float
        Samples per second.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As `picture`.

    Examples
    --------
    >>> samples, rate = signal("eeg")
    >>> samples.shape, rate
    ((800,), 80.0)
    """
    dataset = _named(name, "signal")
    return np.array(_loaded(dataset), np.float64), dataset.rate


def _named(name: str, *kinds: str) -> Dataset:
    found = {dataset.name: dataset for dataset in _TABLE if not kinds or dataset.kind in kinds}
    if not isinstance(name, str) or name not in found:
        raise ValueError(f"name must be one of {', '.join(found)}; got {name!r}")
    return found[name]


def _unit_range(x: Array) -> np.ndarray:
    if x.dtype == np.uint8:
        return x / 255
    x = x.astype(np.float64)
    return (x - x.min()) / (x.max() - x.min())


def _middle(x: Array, size: int | Sequence[int]) -> Array:
    h, w = per_axis("size", size, 2, 1)
    full_h, full_w = x.shape[-2:]
    if h > full_h or w > full_w:
        raise ValueError(f"size must be at most {(full_h, full_w)}, the whole picture, got {size!r}")
    top, left = (full_h - h) // 2, (full_w - w) // 2
    return x[..., top : top + h, left : left + w]


def _floating(dtype: Any) -> np.dtype:
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or not np.issubdtype(found, np.floating):
        raise ValueError(f"dtype must be a floating type, got {dtype!r}")
    return found


def _from(package: str) -> Any:
    """The module of `package` that holds its data."""
    try:
        if package == "scikit-image":
            from skimage import data as module
        elif package == "scikit-learn":
            from sklearn import datasets as module
        else:
            from matplotlib import cbook as module
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f'this comes with {package}, which is not installed: pip install "resampling[data]"', name=missing.name
        ) from missing
    return module


def _loaded(dataset: Dataset) -> Array:
    """The numbers as the package gives them: (H, W), (H, W, 3), (N, H, W) or (n,)."""
    module = _from(dataset.package)
    if dataset.package == "scikit-image":
        loaded = getattr(module, dataset.name)()
        return loaded[0] if isinstance(loaded, tuple) else loaded
    if dataset.name == "digits":
        return module.load_digits().images
    if dataset.package == "scikit-learn":
        return module.load_sample_image(f"{dataset.name}.jpg")
    file, read = _MATPLOTLIB[dataset.name]
    with module.get_sample_data(file) as opened:
        return read(opened)


def _jpeg(file: Any) -> Array:
    from matplotlib.image import imread

    return imread(file, format="jpg")


_MATPLOTLIB: dict[str, tuple[str, Callable[[Any], Array]]] = {
    "grace_hopper": ("grace_hopper.jpg", _jpeg),
    "s1045": ("s1045.ima.gz", lambda file: np.frombuffer(file.read(), ">u2").reshape(256, 256)),
    "topobathy": ("topobathy.npz", lambda file: file["topo"][::-1]),  # its first row is the south
    "jacksboro_fault_dem": ("jacksboro_fault_dem.npz", lambda file: file["elevation"]),
    "eeg": ("eeg.dat", lambda file: np.frombuffer(file.read(), "<f8").reshape(800, 4)[:, 0]),
    "membrane": ("membrane.dat", lambda file: np.frombuffer(file.read(), "<f4")),
}
