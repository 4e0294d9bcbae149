"""The wheel's layout: one package, which holds the checkout's folders of common names as its `suite`."""

from tempfile import TemporaryDirectory

from setuptools import find_packages, setup

ROOMS = ("checks", "fixtures", "reports")
PACKAGES = find_packages(include=[*ROOMS, *(f"{room}.*" for room in ROOMS)])
DATA = ["*.toml", "*.json", "*.md", "templates/*", "worlds/*", "rules/*"]

BUILD = TemporaryDirectory()
"""Nothing that an earlier build left, under names that are no longer there, gets into a wheel."""

setup(
    options={"build": {"build_base": BUILD.name}},
    packages=["bedrock_preflight", *(f"bedrock_preflight.suite.{package}" for package in PACKAGES)],
    package_dir={f"bedrock_preflight.suite.{room}": room for room in ROOMS},
    package_data={"bedrock_preflight": DATA}
    | {f"bedrock_preflight.suite.{package}": DATA for package in PACKAGES},
)
