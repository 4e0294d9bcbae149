"""Masking: accounts and people are hidden, evidence can still be judged, and a replay hides nothing twice."""

from __future__ import annotations

from reports.masking import StandIns, masked

ARN = "arn:aws:sts::210987654321:assumed-role/Developer/jo@example.com"


def test_accounts_and_names_are_masked_in_every_text_and_key() -> None:
    document = {"210987654321": [ARN, "account 210987654321, id 2109876543210"], "n": 1}
    assert masked(document) == {
        "****4321": [
            "arn:aws:sts::****4321:assumed-role/Developer/****",
            "account ****4321, id 2109876543210",
        ],
        "n": 1,
    }


def test_the_guides_placeholder_stays_readable() -> None:
    assert masked("123456789012") == "123456789012"


def test_stand_ins_are_well_formed_alike_everywhere_and_tell_accounts_apart() -> None:
    replaced = StandIns().replaced([ARN, "210987654321", "999987654321", ARN.replace("jo@", "al@")])
    assert replaced == [
        "arn:aws:sts::000000004321:assumed-role/Developer/principal-1",
        "000000004321",
        "000000014321",
        "arn:aws:sts::000000004321:assumed-role/Developer/principal-2",
    ]


def test_a_stand_in_stands_for_itself() -> None:
    once = StandIns().replaced([ARN.replace("jo@", "al@"), ARN, "999987654321"])
    assert StandIns().replaced(list(reversed(once))) == list(reversed(once))


def test_a_user_that_cloudtrail_was_asked_for_is_replaced_as_in_arns() -> None:
    document = [
        {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "jo@example.com"}]},
        {"Events": [{"Username": "jo@example.com"}, {"Username": "al"}]},
        ARN,
    ]
    assert StandIns().replaced(document) == [
        {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "principal-1"}]},
        {"Events": [{"Username": "principal-1"}, {"Username": "principal-2"}]},
        "arn:aws:sts::000000004321:assumed-role/Developer/principal-1",
    ]
