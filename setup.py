"""Metadata and every dependency pin of tfkgrec. pyproject.toml holds tool settings only."""

import re
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
version = re.findall(r'^__version__ = "(.+)"$', (here / "tfkgrec/__init__.py").read_text(encoding="utf-8"), re.M)[0]

REQUIRES = [
    "tensorflow>=2.21,<2.22",  # training, SavedModel
    "keras>=3.15,<3.16",  # the layers; 3.15's quirks are worked around and tested
    "tensorflow-recommenders==0.7.3",  # the last that imports under Keras 3 (0.7.7 refuses)
    "tensorflow-serving-api>=2.21,<2.22",  # stubs of the server and the client; goes with tensorflow
    "tensorboard>=2.21,<2.22",  # TensorFlow does not bring it any more
    "grpcio>=1.74",  # the embedded server and the client
    "grpcio-health-checking>=1.74",  # the standard health service, for probes
    "grpcio-reflection>=1.74",  # grpcurl without .proto files
    "aiohttp>=3.11,<4",  # the REST API: C parser, size limits, an orderly end, in one package
    "prometheus-client>=0.21",  # the metrics page
    "protobuf>=6.31",  # models.config in text form; what TensorFlow 2.21 itself asks for
    "numpy>=2.1",
    "h5py>=3.11",  # weights of 0.1 in today's order; Keras brings it
    "numba>=0.66",  # paths of RKAN: millions a second are drawn afresh every epoch; 30 times what NumPy does
    "scipy>=1.14",  # sparse item-item counts of the item-kNN floor
    "pandas>=2.2",  # readers
    "pyarrow>=18",  # reads CSV, Parquet and other frames; pandas keeps its text in it
    "pyyaml>=6",  # configs
    "tabulate>=0.10",  # tables of figures in the terminal
]
RDF = ["rdflib>=7"]  # triples as N-Triples and Turtle
SQL = ["sqlalchemy>=2"]  # queries on any database; its driver beside it
PLOTS = [
    "matplotlib>=3.9",  # pictures of sweeps and explanations, without a display
    "pillow>=10",  # matplotlib's own; pictures in a report in few greys, a quarter as large
]
SEARCH = ["optuna>=4.5"]  # samplers, pruning and shared studies, kept by many
BEAM = [
    "apache-beam>=2.77,<3",  # preparation and lists for everybody on more than one machine; the bare name finds 2.3
    # Beam wants protobuf 6. Newer ones of these want 7, and pip would try every version in between, for minutes.
    "grpcio-health-checking<1.82",
    "grpcio-reflection<1.82",
]
DOCS = [
    "zensical>=0.0.73,<0.1",  # the site of docs/; successor of mkdocs-material, which ends in 2027, and reads its file
    "mkdocstrings[python]>=1,<2",  # pages of functions and layers from their docstrings, nothing imported
]
DEV = [
    *RDF,
    *SQL,
    *PLOTS,
    *SEARCH,
    "polars>=1.20",  # tests: frames of another library than pandas
    "pytest>=8",
    "hypothesis>=6.100",  # properties of reading and splitting, over generated files
    "pytest-xdist>=3.6",  # the suite on both cores
    "ruff>=0.17,<0.18",  # one formatter, one result
    "mypy>=2.4,<3",
    "types-PyYAML",
    "types-tabulate",
    "trustme>=1.2",  # certificates for the tests of TLS
    "scikit-learn>=1.6",  # test oracle: AUC, accuracy
    "pydot>=3",  # tests: what keras.utils.plot_model draws, as a graph
    "jax>=0.7",  # one test runs the layers on Keras' JAX backend, on the CPU
    "setuptools>=77",  # tests/test_packaging.py builds the wheel without isolation
    "wheel",
]

setup(
    name="tfkgrec",
    version=version,
    description="Knowledge-graph recommenders in Keras: trained with TFRS, explained, served by TF Serving",
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The tfkgrec authors",
    license_expression="Apache-2.0",  # classifiers of licences have been superseded by it
    license_files=["LICENSE"],
    packages=find_packages(include=["tfkgrec", "tfkgrec.*"]),
    package_data={"tfkgrec": ["py.typed", "quickstart.yaml", "training/xla_choice.json"]},
    python_requires=">=3.11,<3.14",
    install_requires=REQUIRES,
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],  # 2.8 GB of CUDA wheels
        "rdf": RDF,
        "sql": SQL,
        "plots": PLOTS,
        "search": SEARCH,
        "beam": BEAM,
        "docs": DOCS,
        "dev": DEV,
    },
    entry_points={"console_scripts": ["tfkgrec = tfkgrec.cli:main"]},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    keywords="recommender knowledge-graph keras tensorflow tensorflow-recommenders tensorflow-serving",
    zip_safe=False,
)
