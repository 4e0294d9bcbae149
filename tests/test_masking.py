"""Masking: accounts and people are hidden, evidence can still be judged, and a replay hides nothing twice."""

from __future__ import annotations

import pytest

from fixtures.privacy.masking import StandIns, masked

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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("profile acme_210987654321_Dev", "profile acme_****4321_Dev"),
        ("log_210987654321_x", "log_****4321_x"),
        ("Dev210987654321prod", "Dev****4321prod"),
        ("role210987654321", "role****4321"),
        ("feed210987654321", "feed****4321"),
    ],
)
def test_an_account_is_masked_whatever_stands_beside_it(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert StandIns().replaced(text) == shown.replace("****4321", "000000004321")


@pytest.mark.parametrize(
    "text",
    [
        "~/.aws/sso/cache/0a210987654321bc210987654321ffeeddccbbaa.json",
        "0" * 20 + "ab210987654321" + "c" * 30,
        "2109876543210",
        "role/AWSReservedSSO-Dev-1a210987654321b2",
    ],
)
def test_digests_and_longer_numbers_stay(text: str) -> None:
    assert masked(text) == text == StandIns().replaced(text)


def test_a_principals_address_is_hidden_in_free_text_alike_and_other_addresses_stay() -> None:
    document = {
        "principal": ARN,
        "observed": "mail of jo@example.com, Jo@Example.com; not of bjo@example.com or jo@example.com.au",
    }
    rest = "not of bjo@example.com or jo@example.com.au"
    assert masked(document)["observed"] == f"mail of ****, ****; {rest}"
    assert StandIns().replaced(document)["observed"] == f"mail of principal-1, principal-1; {rest}"
    assert masked("jo@example.com", known=["jo@example.com"]) == "****"
    assert masked(StandIns().replaced(document)) == masked(document)


def test_who_answers_for_an_exception_is_shown_though_they_ran_the_suite() -> None:
    document = {"principal": ARN, "waiver": {"approved_by": "jo@example.com", "ticket": "ask jo@example.com"}}
    assert masked(document)["waiver"] == {"approved_by": "jo@example.com", "ticket": "ask ****"}
    assert StandIns().replaced(document)["waiver"]["approved_by"] == "jo@example.com"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"reads C:\Users\Nora Lind\.aws\config now", r"reads C:\Users\~\.aws\config now"),
        (r'"C:\\Users\\nora\\.aws"', r'"C:\\Users\\~\\.aws"'),
        ("/home/nora/.aws/config and /Users/nora: gone", "/home/~/.aws/config and /Users/~: gone"),
        ("/mnt/c/Users/nora/.aws", "/mnt/c/Users/~/.aws"),
        (r"C:\Users\%USERNAME%\.aws", r"C:\Users\%USERNAME%\.aws"),
        ("https://idp.example.com/Users/nora", "https://idp.example.com/Users/nora"),
        ("/home/~/x, /srv/home/app", "/home/~/x, /srv/home/app"),
    ],
)
def test_a_home_folder_is_told_without_its_users_name(text: str, shown: str) -> None:
    assert masked(text) == shown == StandIns().replaced(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sso_account_id = 2109-8765-4321", "sso_account_id = ****-****-4321"),
        ("account 2109 8765 4321.", "account **** **** 4321."),
        ("2109\u00a08765\u00a04321", "****\u00a0****\u00a04321"),
        ("2109\u20118765\u20114321", "****\u2011****\u20114321"),
        ("'2109-8765-4321'", "'****-****-4321'"),
        ("210,987,654,321", "***,***,**4,321"),
        ("210.987.654.321", "***.***.**4.321"),
        ("210 987 654 321", "*** *** **4 321"),
        ("2.10987654321E+11", "*.*******4321E+11"),
        ("2,10987654321e11", "*,*******4321e11"),
        ("arn:aws:iam::2109-8765-4321:role/x", "arn:aws:iam::****-****-4321:role/x"),
        ("arn:aws:iam::210987654321:role/x 2109876543210", "arn:aws:iam::****4321:role/x 2109876543210"),
    ],
)
def test_an_account_is_hidden_in_every_writing(text: str, shown: str) -> None:
    assert masked(text) == shown == masked(shown)


@pytest.mark.parametrize(
    "text",
    [
        "1234-5678-9012",
        "1234 5678 9012",
        "4111-1111-1111-1111",
        "4111 1111 1111 1111",
        "request 0a7f608c-1234-4321-9876-0a7f608ccccc",
        "1,210,987,654,321 tokens",
        "210,987,654 tokens",
        "2026-11-22T12:00:00Z",
        "10.0.0.1, 192.168.100.200",
        "AWSReservedSSO_BedrockDeveloper_0a7f608ccccc13bd",
        "2.5E+11",
        "botocore 1.44.8, python 3.13.0",
    ],
)
def test_what_is_no_account_stays(text: str) -> None:
    assert masked(text) == text


def test_a_stand_in_is_written_as_its_account_was() -> None:
    assert StandIns().replaced(["2109-8765-4321", "210987654321", "2.10987654321E+11", "9999 8765 4321"]) == [
        "0000-0000-4321",
        "000000004321",
        "0.00000004321E+11",
        "0000 0001 4321",
    ]
