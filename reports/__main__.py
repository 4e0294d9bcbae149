"""`python -m reports merge DIR…` joins reports, `python -m reports verify DIR` says whether one holds together."""

from __future__ import annotations

from bedrock_preflight import ctrl_c

if __name__ == "__main__":  # before all else that has to be loaded
    ctrl_c.own_process()

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fixtures.privacy.scan import Guesses, finds
from fixtures.privacy.secrets import environment_secrets
from fixtures.privacy.unseen import visible
from fixtures.text.printing import print_every_character
from reports import compare
from reports.artifacts import Artifacts, as_read
from reports.conditions import headline
from reports.formats import WriterFailed, made, missing_for, optional
from reports.merge import CannotMerge, Shard, expected_targets, merge
from reports.page import counted, status_words
from reports.results import STATUSES, exit_code
from reports.verify import NotAReport, problems

EXIT_INTERNAL, EXIT_USAGE = 3, 4


PROGRAM = ("python", "-m", "reports")


def main(arguments: Sequence[str], program: Sequence[str] = PROGRAM) -> int:
    """The exit code: as of a run for merge; for verify 0 for a whole report, 1 for one that is not, 4 for none at all.

    `program` is what was called with the arguments.
    """
    print_every_character()
    options = _parser(" ".join(program)).parse_args(arguments)
    try:
        if options.command == "verify":
            return _verify(options.folder)
        return _merge(options, [*program, *arguments])
    except (CannotMerge, compare.NotResults) as error:
        return _refused(str(error), EXIT_USAGE)
    except WriterFailed as error:
        return _refused(f"{error}; nothing was written", EXIT_INTERNAL)
    except OSError as error:
        what = "read" if options.command == "verify" else "written"
        return _refused(f"the reports could not be {what}: {error.strerror or error}", EXIT_INTERNAL)


class _Parser(argparse.ArgumentParser):
    """Ends as pytest does where the command line is wrong."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"ERROR: {message}\n")


def _parser(program: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=program, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    joining = commands.add_parser("merge", help="join the reports of shards or accounts into one")
    joining.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a report directory")
    joining.add_argument(
        "--expect", type=Path, metavar="FILE", help="target IDs that must be there, one a line"
    )
    joining.add_argument(
        "--allow-mixed", action="store_true", help="join also what different versions or settings made"
    )
    joining.add_argument(
        "--allow-damaged",
        action="store_true",
        help="join also a report that is not whole; the fleet is then incomplete",
    )
    joining.add_argument(
        "--report-dir",
        type=Path,
        default=Path("reports/merged"),
        metavar="DIR",
        help="default: reports/merged",
    )
    joining.add_argument(
        "--compare", type=Path, metavar="FILE", help="an earlier results.json, or a folder of them"
    )
    joining.add_argument(
        "--allow-incomplete", action="store_true", help="exit 0 where only the evaluation is incomplete"
    )
    for each in optional():
        joining.add_argument(
            f"--{each.option}", action="store_true", help=f"also write {each.name}: {each.about}"
        )
    checking = commands.add_parser("verify", help="recompute hashes, schema, counts, and what each page says")
    checking.add_argument("folder", type=Path, metavar="DIR", help="a report directory")
    return parser


def _merge(options: argparse.Namespace, command: Sequence[str]) -> int:
    if missing := missing_for(options):
        raise CannotMerge(missing)
    if options.report_dir.resolve() in {folder.resolve() for folder in options.folders}:
        raise CannotMerge(
            f"--report-dir {options.report_dir}: it is one of the reports that are to be joined"
        )
    expected = expected_targets(options.expect) if options.expect else None
    earlier = compare.load(options.compare) if options.compare else []
    shards = [Shard.read(folder, allow_damaged=options.allow_damaged) for folder in options.folders]
    document, evidence = merge(shards, expected=expected, allow_mixed=options.allow_mixed, command=command)
    if earlier:
        document["comparison"] = compare.comparison(document, earlier)
    # Those of the machines that made the reports are not known here: each run has looked for its own.
    secrets = list(environment_secrets(os.environ))
    guesses = Guesses(secrets)
    artifacts = Artifacts(options.report_dir)
    with ctrl_c.clearing_up(artifacts.discard):
        document = as_read(guesses.document(document))
        for name, text in made(options, document, as_read(guesses.document(evidence))):
            artifacts.write(name, text)
        guesses.files(artifacts.made())
        leaks = finds(artifacts.made(), secrets)
        if leaks:
            return _refused(f"{'; '.join(map(str, leaks[:5]))}; nothing was written", EXIT_INTERNAL)
        artifacts.publish()
    told = status_words({status: document["counts"][status] for status in STATUSES})
    print(
        f"{counted(len(shards), 'report')}, {counted(len(document['targets']), 'target')}, "
        f"{counted(len(document['results']), 'result')}: {told}"
    )
    for what in ("missing", "unexpected"):
        if document["merged"][what]:
            print(f"{what}: {', '.join(document['merged'][what])}")
    for shard in document["merged"]["damaged"]:
        for problem in shard["problems"]:
            print(visible(f"damaged: {shard['folder']}: {problem}"))
    for notice in document["merged"]["notices"]:
        print(visible(notice))
    if told := guesses.told():
        print(told)
    print(visible(f"verdict: {headline(document)}") + f"; reports in {options.report_dir}")
    return exit_code(document, allow_incomplete=options.allow_incomplete)


def _verify(folder: Path) -> int:
    try:
        found = problems(folder)
    except NotAReport as error:
        return _refused(str(error), EXIT_USAGE)
    for problem in found:
        print(visible(problem))
    print(f"{folder}: {'does not hold together' if found else 'holds together'}")
    return 1 if found else 0


def _refused(message: str, code: int) -> int:
    print(f"ERROR: {visible(message)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    code = main(sys.argv[1:])
    ctrl_c.CtrlC().over()
    sys.exit(code)
