"""What is assumed of libraries beyond what they promise, in words: a new release fails here first.

Each test names the parts that it is about, and `PARTS` is all of them: a part that the suite uses and no test speaks for
fails `test_each_private_part_is_spoken_for`. Versions are capped in pyproject.toml where a next one may change them.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import io
import re
import subprocess
from collections.abc import Callable, Iterator
from copy import copy
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
import tomli

from fixtures.aws.service_models import shared_loader

ROOT = Path(__file__).parent.parent
PUBLIC = {
    "botocore.config",
    "botocore.exceptions",
    "botocore.session",
    "moto.core.responses",  # ActionResult and BaseResponse: what every service of moto is written with
}
"""Modules whose names are promised, or are what the library's own extensions are written with."""
LIBRARIES = ("_pytest", "pytest_html", "xdist", "botocore", "boto3", "moto", "dotenv")

PARTS: dict[str, str] = {}
"""Part: the test that says what is assumed of it."""


def assumes(*parts: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def speaks(test: Callable[..., None]) -> Callable[..., None]:
        PARTS.update(dict.fromkeys(parts, test.__name__))
        return test

    return speaks


# ------------------------------------------------------------------------------------------------------ pytest


@assumes("_pytest.outcomes")
def test_pytests_outcomes_are_the_exceptions_of_fail_and_skip_and_take_a_text() -> None:
    from _pytest.outcomes import Failed, Skipped

    assert (pytest.fail.Exception, pytest.skip.Exception) == (Failed, Skipped)
    assert Failed("text", pytrace=False).msg == "text"
    assert issubclass(Failed, BaseException)


def test_pytest_reads_k_and_m_in_a_plugin_called_mark_also_without_tests(
    pytestconfig: pytest.Config,
) -> None:
    mark: Any = pytestconfig.pluginmanager.get_plugin("mark")
    mark.pytest_collection_modifyitems(items=[], config=pytestconfig)


@pytest.mark.parametrize("target", [1])
def test_an_item_knows_its_parameters_and_further_words_for_k(
    request: pytest.FixtureRequest, target: int
) -> None:
    assert request.node.callspec.params == {"target": target}
    assert isinstance(request.node.extra_keyword_matches, set)


@assumes("._request")
def test_pytest_gives_an_item_a_request_when_it_runs_where_it_has_none() -> None:
    from _pytest.runner import runtestprotocol

    source = inspect.getsource(runtestprotocol)
    given = source.index("if hasrequest and not item._request:")
    assert given < source.index("item._initrequest()") < source.index("call_and_report(")
    assert source.index("item._request = False") < source.index("item.funcargs = None")


def test_pytests_and_pytest_htmls_options_have_these_names(pytestconfig: pytest.Config) -> None:
    for name in ("tbstyle", "reportchars", "verbose", "htmlpath", "css", "self_contained_html"):
        assert hasattr(pytestconfig.option, name), name
    assert pytestconfig.getoption("numprocesses", None) is None or pytestconfig.pluginmanager.has_plugin(
        "xdist"
    )


@assumes("._option_string_actions")
def test_pytests_parser_of_options_is_argparses_and_complains_through_error(
    pytestconfig: pytest.Config,
) -> None:
    parser: Any = pytestconfig._parser.optparser
    assert isinstance(parser, argparse.ArgumentParser)
    assert "--collect-only" in parser._option_string_actions


@assumes("._report_path")
def test_pytest_htmls_writer_keeps_where_it_will_write_and_takes_reports_one_by_one() -> None:
    from pytest_html.basereport import BaseReport

    assert "self._report_path =" in inspect.getsource(BaseReport.__init__)
    assert callable(BaseReport.pytest_runtest_logreport)
    from pytest_html import hooks

    for hook in ("report_title", "results_table_header", "results_table_row", "results_table_html"):
        assert hasattr(hooks, f"pytest_html_{hook}"), hook


@assumes("._reports")
def test_pytest_html_keeps_the_reports_of_a_check_by_its_node_id_and_asks_for_them_when_it_ends() -> None:
    from pytest_html.basereport import BaseReport

    assert "self._reports = defaultdict(dict)" in inspect.getsource(BaseReport.__init__)
    assert "self._reports[report.nodeid]" in inspect.getsource(BaseReport)


@assumes("._report")
def test_pytest_html_keeps_the_rows_of_a_check_by_its_node_id_until_it_writes_the_page() -> None:
    from pytest_html.basereport import BaseReport
    from pytest_html.report_data import ReportData

    assert "self._report = report_data" in inspect.getsource(BaseReport.__init__)
    assert '"tests": defaultdict(list)' in inspect.getsource(ReportData.__init__)
    assert '["tests"][report.nodeid].append(' in inspect.getsource(ReportData.add_test)


@assumes("xdist.scheduler")
def test_xdist_gives_each_scope_to_one_worker_and_asks_split_scope_which_one_it_is() -> None:
    from xdist import newhooks
    from xdist.scheduler import LoadScopeScheduling

    assert list(inspect.signature(LoadScopeScheduling).parameters) == ["config", "log"]
    assert "self._split_scope(nodeid)" in inspect.getsource(LoadScopeScheduling)
    for hook in ("make_scheduler", "node_collection_finished", "setupnodes"):
        assert hasattr(newhooks, f"pytest_xdist_{hook}"), hook
    assert hasattr(newhooks, "pytest_configure_node")
    assert hasattr(newhooks, "pytest_testnodedown")


# ------------------------------------------------------------------------------------------- boto3 and botocore


@assumes("._session", "boto3.DEFAULT_SESSION")
def test_a_boto3_session_is_around_one_of_botocores() -> None:
    assert isinstance(boto3.Session(region_name="us-east-1")._session, botocore.session.Session)
    assert hasattr(boto3, "DEFAULT_SESSION")


@assumes("._popen", "._prompter", "._profile_provider_builder", "._cache")
def test_the_providers_of_the_chain_can_be_told_apart_and_wait_through_these_parts() -> None:
    resolver = botocore.session.Session().get_component("credential_provider")
    by_method = {provider.METHOD: provider for provider in resolver.providers}
    assert {"env", "sso", "assume-role", "custom-process", "iam-role", "container-role"} <= set(by_method)
    assert resolver.get_provider("iam-role") is by_method["iam-role"]
    assert callable(by_method["custom-process"]._popen)
    assert callable(by_method["assume-role"]._prompter)
    assert callable(by_method["assume-role"]._profile_provider_builder.providers)
    assert by_method["assume-role"]._profile_provider_builder._cache is by_method["assume-role"].cache


@assumes("botocore.compat")
def test_botocore_splits_a_credential_process_as_a_shell_does_and_has_its_own_headers() -> None:
    from botocore.compat import HTTPHeaders, compat_shell_split

    assert compat_shell_split('a "b c"') == ["a", "b c"]
    assert HTTPHeaders().get_all("x") is None


@assumes("botocore.configprovider")
def test_a_session_variable_is_option_variable_default_and_conversion() -> None:
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConfigChainFactory

    for name in ("retry_mode", "max_attempts"):
        assert len(BOTOCORE_DEFAUT_SESSION_VARIABLES[name]) == 4
    factory = ConfigChainFactory(session=botocore.session.Session(), environ={"AWS_RETRY_MODE": "adaptive"})
    assert factory.create_config_chain("retry_mode", "AWS_RETRY_MODE").provide() == "adaptive"


@assumes("botocore.httpsession", "._proxy_config", "._verify", "botocore.httpsession.URLLib3Session.send")
def test_botocores_http_session_decides_on_proxy_and_verification_by_itself() -> None:
    from botocore.httpsession import ProxyConfiguration, URLLib3Session, mask_proxy_url

    session = URLLib3Session(verify="bundle.pem", proxies={"https": "http://proxy:3128"})
    assert session._proxy_config.proxy_url_for("https://sts.amazonaws.com") == "http://proxy:3128"
    assert session._verify == "bundle.pem"
    assert ProxyConfiguration(proxies={}).proxy_url_for("https://x") is None
    assert "secret" not in str(mask_proxy_url("http://jo:secret@proxy:3128"))
    assert list(inspect.signature(URLLib3Session.send).parameters) == ["self", "request"]


@assumes(
    "botocore.utils",
    "._working_dir",
    "botocore.utils.JSONFileCache.__setitem__",
    "botocore.utils.JSONFileCache.CACHE_DIR",
    "botocore.utils.ContainerMetadataFetcher.SLEEP_TIME",
)
def test_botocores_caches_are_folders_with_a_file_for_each_key(tmp_path: Path) -> None:
    from botocore.utils import ContainerMetadataFetcher, JSONFileCache, get_environ_proxies

    cache = JSONFileCache(str(tmp_path))
    cache["key"] = {"a": 1}
    assert (cache._working_dir, (tmp_path / "key.json").is_file()) == (str(tmp_path), True)
    assert JSONFileCache.CACHE_DIR.endswith("cache")
    assert ContainerMetadataFetcher.SLEEP_TIME >= 0
    assert get_environ_proxies("http://169.254.169.254") is not None


@assumes(
    "botocore.credentials",
    "botocore.tokens",
    "botocore.credentials.EC",
    "botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR",
    "botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR",
)
def test_both_sso_providers_read_tokens_in_a_folder_that_they_name() -> None:
    from botocore.credentials import Credentials, SSOProvider
    from botocore.tokens import SSOTokenProvider

    for provider in (SSOProvider, SSOTokenProvider):
        assert Path(provider._SSO_TOKEN_CACHE_DIR).parts[-3:] == (".aws", "sso", "cache")
    assert Credentials("AKID", "secret").get_frozen_credentials().access_key == "AKID"


@assumes("botocore.loaders", "botocore.session.create_loader", "botocore.auth", "botocore.awsrequest")
def test_botocore_loads_models_signs_and_sends_through_these() -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.loaders import create_loader

    assert "bedrock" in create_loader().list_available_services("service-2")
    request = AWSRequest("GET", "https://sts.us-east-1.amazonaws.com/")
    SigV4Auth(Credentials("AKID", "secret"), "sts", "us-east-1").add_auth(request)
    assert "Credential=AKID/" in request.headers["Authorization"]
    assert botocore.session.create_loader is create_loader


@assumes("._verify_accept_kwargs")
def test_botocores_events_are_translated_by_one_table_into_a_cache_and_handlers_take_keywords() -> None:
    from botocore import hooks

    emitter = hooks.EventAliaser(hooks.HierarchicalEmitter())
    assert emitter._event_aliases == hooks.EVENT_ALIASES
    emitter.emit("before-call.elb")
    assert emitter._alias_name_cache == {"before-call.elb": "before-call.elastic-load-balancing"}
    with pytest.raises(ValueError, match="must accept keyword arguments"):
        emitter.register("before-call.elb", lambda: None)


@assumes("._lookup_cache")
def test_botocores_emitter_keeps_what_it_has_looked_up_and_a_copy_has_the_same() -> None:
    from botocore import hooks

    emitter = hooks.HierarchicalEmitter()
    emitter.emit("before-call.s3")
    assert list(emitter._lookup_cache) == ["before-call.s3"]
    assert copy(emitter)._lookup_cache is emitter._lookup_cache


@assumes("._root")
def test_botocores_emitter_keeps_its_handlers_in_a_tree_of_lists() -> None:
    from botocore import hooks

    emitter, handler = hooks.HierarchicalEmitter(), lambda **_: None
    emitter.register_last("before-call.s3", handler)
    s3 = {"chunk": "s3", "children": {}, "values": hooks.NodeList([], [], [handler])}
    call = {"chunk": "before-call", "children": {"s3": s3}, "values": None}
    root = {"chunk": None, "children": {"before-call": call}, "values": None}
    assert vars(emitter._handlers) == {"_root": root}


@assumes("botocore.session.Session", "._register_builtin_handlers")
def test_a_session_of_botocore_registers_its_handlers_and_reads_both_files_by_these(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from botocore import handlers

    source = inspect.getsource(botocore.session.Session.__init__)
    made, registered, given = (
        source.index(part)
        for part in ("self._events = ", "self._register_builtin_handlers(", "self._register_components()")
    )
    assert made < registered < given
    assert "handlers.BUILTIN_HANDLERS" in inspect.getsource(
        botocore.session.Session._register_builtin_handlers
    )
    assert handlers.BUILTIN_HANDLERS
    assert "botocore.session.get_session()" in inspect.getsource(boto3.Session.__init__)
    assert "return Session(" in inspect.getsource(botocore.session.get_session)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    session = botocore.session.Session()
    assert session._config is None
    assert session.full_config is session._config


@assumes(
    "botocore.client",
    "botocore.endpoint_provider",
    "botocore.errorfactory",
    "._create_client_exceptions",
    "._create_methods",
    "._service_description",
)
def test_botocore_makes_a_clients_methods_and_rules_from_a_model_alone() -> None:
    from botocore import client, endpoint_provider, errorfactory, regions
    from botocore.model import ServiceModel

    described = shared_loader().load_service_model("sts", "service-2")
    service_model = ServiceModel(described, "sts")
    assert service_model._service_description is described
    creator = SimpleNamespace(_create_api_method=lambda *names: names)
    made = client.ClientCreator._create_methods(creator, service_model)
    assert made["get_caller_identity"] == ("get_caller_identity", "GetCallerIdentity", service_model)
    assert (
        service_model.endpoint_discovery_operation
        is vars(service_model)["endpoint_discovery_operation"]
        is None
    )
    exceptions = errorfactory.ClientExceptionsFactory()
    found = exceptions._create_client_exceptions(service_model)
    assert found.from_code("ExpiredTokenException").__name__ == "ExpiredTokenException"
    assert "self._create_client_exceptions(service_model)" in inspect.getsource(
        exceptions.create_client_exceptions
    )
    assert regions.EndpointProvider is endpoint_provider.EndpointProvider
    rules = shared_loader().load_service_model("sts", "endpoint-rule-set-1")
    provider = regions.EndpointProvider(
        ruleset_data=rules, partition_data=shared_loader().load_data("partitions")
    )
    asked = {"UseFIPS": False, "UseDualStack": False, "UseGlobalEndpoint": False}
    places = [
        provider.resolve_endpoint(Region=region, **asked).url
        for region in ("eu-west-1", "us-east-1", "eu-west-1")
    ]
    assert places == [
        f"https://sts.{region}.amazonaws.com" for region in ("eu-west-1", "us-east-1", "eu-west-1")
    ]


@assumes("moto.core.responses.method_names_from_class")
def test_moto_looks_up_what_a_class_answers_by_its_functions() -> None:
    from moto.core import responses, utils
    from moto.sts.responses import TokenResponse

    assert responses.method_names_from_class is utils.method_names_from_class
    assert "get_caller_identity" in utils.method_names_from_class(TokenResponse)


@assumes("botocore.parsers")
def test_botocores_cbor_parser_reads_one_item_of_a_stream_that_can_be_peeked() -> None:
    from botocore.parsers import ResponseParserError, RpcV2CBORParser

    parser = RpcV2CBORParser()
    assert parser.parse_data_item(parser.get_peekable_stream_from_bytes(b"\xa1aa\x01")) == {"a": 1}
    assert issubclass(ResponseParserError, Exception)


@assumes("botocore.retries.bucket", "botocore.retries.bucket.threading", "botocore.__version__")
def test_botocores_token_bucket_waits_on_a_condition_of_the_module_threading() -> None:
    bucket = import_module("botocore.retries.bucket")
    assert "threading.Condition(" in inspect.getsource(bucket)
    assert re.match(r"\d+\.\d+\.\d+", botocore.__version__)
    from botocore import xform_name

    assert xform_name("ListFoundationModels") == "list_foundation_models"


# ------------------------------------------------------------------------------------------------ python-dotenv


@assumes("dotenv.parser", "dotenv.variables", "dotenv.main")
def test_dotenv_parses_a_stream_into_bindings_and_values_into_atoms() -> None:
    from dotenv.main import DotEnv
    from dotenv.parser import parse_stream
    from dotenv.variables import parse_variables

    (good, bad) = parse_stream(io.StringIO("A=${HOME}/x\n'x\n"))
    assert (good.key, good.value, good.original.line, good.error) == ("A", "${HOME}/x", 1, False)
    assert bad.error
    atoms = list(parse_variables(str(good.value)))
    assert [getattr(atom, "name", None) for atom in atoms] == ["HOME", None]
    assert "".join(atom.resolve({"HOME": "/h"}) for atom in atoms) == "/h/x"
    assert DotEnv(None, io.StringIO("A=b"), override=False).dict() == {"A": "b"}


# --------------------------------------------------------------------------------------------------------- moto


@assumes(
    "._get_action",
    "moto.core.responses.BaseResponse.call_action",
    "moto.core.responses.BaseResponse.get_current_account",
    "moto.core.responses.BaseResponse._authenticate_and_authorize_s3_action",
)
def test_a_response_of_moto_names_its_action_account_and_way_into_s3() -> None:
    from moto.core.responses import BaseResponse

    for name in (
        "_get_action",
        "call_action",
        "get_current_account",
        "_authenticate_and_authorize_s3_action",
    ):
        assert callable(getattr(BaseResponse, name)), name


@assumes(
    "moto.core.base_backend",
    "moto.core.base_backend.AccountSpecificBackend._generate_regions",
    "moto.core.exceptions",
    "moto.core.loaders",
    "moto.core.model_instances",
    "moto.core.models",
    "moto.core.request",
    "moto.core.utils",
    "moto.core.utils.create_loader",
    "moto.moto_api._internal",
)
def test_motos_core_stubs_botocore_and_forgets_everything_when_it_is_told() -> None:
    from moto.core.base_backend import AccountSpecificBackend, BackendDict
    from moto.core.loaders import moto_root
    from moto.core.model_instances import reset_model_data
    from moto.core.models import botocore_stubber
    from moto.core.request import normalize_request
    from moto.core.utils import get_service_model
    from moto.moto_api._internal import mock_random

    assert callable(botocore_stubber.process_request)
    assert callable(AccountSpecificBackend._generate_regions)
    assert callable(BackendDict.reset)
    assert callable(reset_model_data)
    assert callable(normalize_request)
    assert Path(moto_root).is_dir()
    assert get_service_model("sts").service_name == "sts"
    assert callable(mock_random.seed)


@assumes(
    "moto.account.responses",
    "moto.bedrock.responses",
    "moto.bedrockruntime.responses",
    "moto.iam.models",
    "moto.iam.responses",
    "moto.sts.models",
    "moto.sts.responses",
)
def test_motos_services_are_responses_and_backends_by_account_and_partition() -> None:
    from moto.core.responses import BaseResponse
    from moto.iam.models import iam_backends

    for service, name in (
        ("account", "AccountResponse"),
        ("bedrock", "BedrockResponse"),
        ("bedrockruntime", "BedrockRuntimeResponse"),
        ("iam", "IamResponse"),
        ("sts", "TokenResponse"),
    ):
        assert issubclass(getattr(import_module(f"moto.{service}.responses"), name), BaseResponse), service
    assert callable(iam_backends["210987654321"]["aws"].create_role)


@assumes("._create_credential_resolver")
def test_a_session_makes_its_chain_of_providers_when_it_is_first_asked_for() -> None:
    from botocore.credentials import CredentialResolver
    from botocore.session import Session

    session = Session()
    made = session._create_credential_resolver()
    assert isinstance(made, CredentialResolver)
    assert {"iam-role", "container-role"} <= {provider.METHOD for provider in made.providers}
    session.lazy_register_component("credential_provider", lambda: made)
    assert session.get_component("credential_provider") is made


# ------------------------------------------------------------------------------------------------ the whole list


def used() -> Iterator[tuple[str, str]]:
    """Each private part that the suite's own files use, with the file."""
    listed = subprocess.run(
        ["git", "ls-files", "--", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split():
        file = ROOT / name
        if name.startswith("tests/") or not file.is_file():
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for part in _parts(node):
                yield part, name


def _parts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module:
        yield from _module(node.module)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield from _module(alias.name)
    elif isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr):
        if not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls", "os"}):
            yield f".{node.attr}"
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"patch.object", "patch"}:
        first, *rest = node.args
        if isinstance(first, ast.Constant):
            yield str(first.value)
        elif rest and isinstance(rest[0], ast.Constant) and ast.unparse(first) != "socket":
            yield f"{ast.unparse(first)}.{rest[0].value}"


def _module(name: str) -> Iterator[str]:
    if name.partition(".")[0] in LIBRARIES and "." in name and name not in PUBLIC:
        yield name


OUR_OWN = {"._asdict", "._replace", "._take"}
"""Methods of named tuples, and one of a class in the same file."""


def _short(part: str) -> str:
    """A part as it is written where it is used: classes without their module, modules and attributes whole."""
    return re.sub(r"^[a-z_.]+\.(?=[A-Z]\w*\.\w+$)", "", part)


def test_each_private_part_is_spoken_for_and_used() -> None:
    known = {_short(part) for part in PARTS}
    found = {_short(part): name for part, name in used() if part not in OUR_OWN}
    assert {part: name for part, name in found.items() if part not in known} == {}, "no test speaks for it"
    assert known - found.keys() == set(), "nothing uses it"


@pytest.mark.parametrize(
    ("library", "cap"),
    [
        ("pytest", r"<10"),
        ("pytest-html", r"<5"),
        ("pytest-xdist", r"<4"),
        ("boto3", r"<2"),
        ("botocore", r"<2"),
        ("python-dotenv", r"<2"),
        ("moto", r"<5\.3"),
    ],
)
def test_versions_end_where_the_assumptions_may(library: str, cap: str) -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["simulation"]]
    (stated,) = [entry for entry in listed if re.match(rf"{library}(?![\w-])", entry)]
    assert re.search(rf",{cap}$", stated), stated
