"""Runs the AWS CLI as run.py runs Python's libraries, by the same lines; with the Python that has it.

This release reads no AWS_ENDPOINT_URL, so each request is turned to the simulated account below the signature.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import awscli.customizations.assumerole
import awscli.customizations.sso
import botocore.credentials
import botocore.httpsession
import botocore.loaders
import botocore.session
import botocore.tokens
import botocore.utils
from awscli.clidriver import AWSCLIEntryPoint

# What awscli says when it is imported: where its own data lies. Reading it takes most of a call's time.
LOADER = botocore.loaders.create_loader(os.environ["AWS_DATA_PATH"])
PATHS = tuple(LOADER.search_paths)
botocore.session.create_loader = lambda *_: LOADER
botocore.utils.ContainerMetadataFetcher.SLEEP_TIME = (
    0  # a second between two tries of an address where nobody is
)
SEND = botocore.httpsession.URLLib3Session.send


def turned_to(url):
    def send(session, request):
        meant = urlsplit(request.url)
        request.headers["Host"] = meant.netloc
        request.url = url + request.url.partition(meant.netloc)[2]
        return SEND(session, request)

    botocore.httpsession.URLLib3Session.send = send


def forget():
    """What the AWS CLI keeps from one machine to the next."""
    LOADER.search_paths[:] = PATHS
    tokens, keys = (str(Path(f"~/.aws/{name}/cache").expanduser()) for name in ("sso", "cli"))
    botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR = tokens
    botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR = tokens
    awscli.customizations.assumerole.CACHE_DIR = awscli.customizations.sso.AWS_CREDS_CACHE_DIR = keys


def main():
    print(json.dumps({"ready": True}), flush=True)
    # Whoever asks for a code on the terminal gets no answer.
    tasks, sys.stdin = sys.stdin, open(os.devnull)  # noqa: PTH123, SIM115
    for line in tasks:
        task = json.loads(line)
        os.environ.clear()
        os.environ.update(task["environ"])
        turned_to(task["url"])
        forget()
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            failed = AWSCLIEntryPoint().main(
                ["--no-cli-auto-prompt", "sts", "get-caller-identity", "--output", "json"]
            )
        print(json.dumps({"region": None, "error": said.getvalue() if failed else None}), flush=True)


main()
