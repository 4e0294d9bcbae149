"""Runs Python's libraries as run.mjs runs JavaScript's packages, by the same lines; in a virtual environment that has them."""

import functools
import json
import logging
import os
import sys
import warnings
from pathlib import Path

import anthropic
import boto3
import botocore.credentials
import botocore.hooks
import botocore.loaders
import botocore.session
import botocore.tokens
import botocore.utils
import litellm
from anthropic.lib.aws import _auth
from botocore.config import Config
from dotenv import load_dotenv
from langchain_aws import ChatBedrockConverse
from litellm.llms.bedrock.base_aws_llm import BaseAWSLLM

warnings.simplefilter("ignore")
logging.disable()
litellm.suppress_debug_info = True
# Models, certificates and the names of events take most of a call's time, and are the same on every machine.
LOADER = botocore.loaders.create_loader()
PATHS = tuple(LOADER.search_paths)
botocore.session.create_loader = lambda *_: LOADER
ALIASER = botocore.hooks.EventAliaser(botocore.hooks.HierarchicalEmitter())
ALIASED = ALIASER._alias_event_name
botocore.hooks.EventAliaser._alias_event_name = lambda _, name: ALIASED(name)
botocore.hooks.accepts_kwargs = functools.lru_cache(botocore.hooks.accepts_kwargs)
botocore.utils.ContainerMetadataFetcher.SLEEP_TIME = (
    0  # a second between two tries of an address where nobody is
)
HTTP = anthropic.DefaultHttpxClient(trust_env=False)
ONCE = Config(retries={"total_max_attempts": 1})
as_published = False
"""Whether the task is about a library's own way through the network."""


def with_boto3(model, seen):
    session = boto3.Session()
    seen["region"] = session.region_name
    messages = [{"role": "user", "content": [{"text": "hello"}]}]
    session.client("bedrock-runtime", config=ONCE).converse(modelId=model, messages=messages)


def with_anthropic(model, seen):
    client = anthropic.AnthropicBedrock(max_retries=0, http_client=None if as_published else HTTP)
    seen["region"] = client.aws_region
    client.messages.create(model=model, max_tokens=10, messages=[{"role": "user", "content": "hello"}])


def with_litellm(model, seen):
    seen["region"] = BaseAWSLLM().get_aws_region_name({}, model=model)
    litellm.completion(
        model=f"bedrock/converse/{model}", messages=[{"role": "user", "content": "hello"}], num_retries=0
    )


def with_langchain(model, seen):
    chat = ChatBedrockConverse(model=model, config=ONCE)
    seen["region"] = chat.client.meta.region_name
    chat.invoke("hello")


LIBRARIES = {
    "boto3": with_boto3,
    "anthropic": with_anthropic,
    "litellm": with_litellm,
    "langchain-aws": with_langchain,
}


def forget():
    """What these libraries and botocore keep from one machine to the next."""
    boto3.DEFAULT_SESSION = None
    LOADER.search_paths[:] = PATHS
    _auth._get_session.cache_clear()
    BaseAWSLLM._shared_iam_cache.flush_cache()
    if as_published:
        litellm.in_memory_llm_clients_cache.flush_cache()
    tokens = str(Path("~/.aws/sso/cache").expanduser())
    botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR = tokens
    botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR = tokens


def told(error):
    """The innermost reason last: wrappers hide it."""
    said = []
    while error is not None:
        said.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return " / ".join(said)


def main():
    global as_published  # noqa: PLW0603
    print(json.dumps({"ready": True}), flush=True)
    # Whoever asks for a code on the terminal gets no answer.
    tasks, sys.stdin = sys.stdin, open(os.devnull)  # noqa: PTH123, SIM115
    for line in tasks:
        task = json.loads(line)
        os.environ.clear()
        os.environ.update(task["environ"])
        if task["env_file"]:
            load_dotenv(task["env_file"])
        url = task["url"]
        os.environ.update(
            AWS_ENDPOINT_URL=url, ANTHROPIC_BEDROCK_BASE_URL=url, AWS_BEDROCK_RUNTIME_ENDPOINT=url
        )
        as_published = task.get("as_published", False)
        forget()
        seen = {"region": None, "error": None}
        try:
            LIBRARIES[task["consumer"]](task["model"], seen)
        except Exception as error:  # noqa: BLE001 - whatever a library throws is its answer
            seen["error"] = told(error)
        print(json.dumps(seen), flush=True)


main()
