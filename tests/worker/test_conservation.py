from __future__ import annotations

import json
import os
import subprocess

import pytest

from build import customer, updated
from fetched import fetched, headers
from streams.worker.conservation import Account, Balance, balance
from streams.worker.letter_topic import read_letters
from streams.worker.letters import Letter, Place
from streams.worker.marker import Marker
from streams.worker.redrive import discard, redrive
from worker_process import SUBFOLD
from worker_stage import PARTITIONS, stage

COUNTS = {"accepted": 10, "folded": 7, "ignored": 1, "dead_lettered": 2}


def account(**more) -> Account:
    marker = Marker(**({"next_offset": 10, "counts": COUNTS} | more.pop("marker", {})))
    return Account(**({"number": 0, "ends": 12, "letters": 2} | more), marker=marker)


def test_what_was_folded_and_what_is_in_flight_are_the_log():
    assert list(account().mismatches()) == []
    assert account().in_flight == 2


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"begins": 3}, "the log begins at 3"),
        ({"ends": 9}, "the log ends at 9, before 10"),
        ({"marker": {"next_offset": 12}}, "12 offsets were passed and 10 records folded: 2 held"),
        ({"marker": {"counts": COUNTS | {"folded": 6}}}, "10 records were folded and 9 have"),
        ({"letters": 1}, "2 records were dead-lettered and 1 letters are there"),
    ],
)
def test_what_does_not_add_up_is_said(changed, words):
    [sentence] = account(**changed).mismatches()

    assert words in sentence


def test_letters_behind_the_marker_are_not_counted_yet():
    counted = account(letters=0)
    for offset, deeds in ((9, ()), (10, ())):
        place = Place(0, offset)
        letter = Letter(place=place, stands_at=0, key="", buried_at_ms=0, words={}, deeds=deeds)
        counted.take(letter)

    assert (counted.letters, counted.open_letters) == (1, 1)


def test_partitions_are_summed():
    total = Balance(accounts=(account(), account(number=1, ends=20))).total()

    assert (total["log"], total["position"], total["in_flight"]) == (32, 20, 12)
    assert (total["folded"], total["dead_lettered"]) == (14, 4)


@pytest.fixture
async def here(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        yield made


def status(here, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SUBFOLD, "status", *options],
        cwd=here.folder,
        env={
            "PATH": os.environ["PATH"],
            "COLUMNS": "200",
            "KAFKA_BOOTSTRAP_SERVERS": str(here.kafka.bootstrap_servers),
            "SUBFOLD_KAFKA__PREFIX": here.kafka.prefix,
        },
        capture_output=True,
        text=True,
        check=False,
    )


async def test_a_worker_accounts_for_all_and_a_letter_that_is_redriven_in_vain_links_to_its_first(
    here,
):
    good = [
        fetched(updated(customer()), partition=number, headers=headers())
        for number in range(PARTITIONS)
    ]
    await here.append([*good, *good, fetched(b"{", partition=1)])
    assert (await balance(here.deployment)).total()["in_flight"] == 5

    await here.start().ready()
    await here.until_done()
    found = await balance(here.deployment)
    assert found.mismatches() == []
    assert found.total()["open_letters"] == found.total()["dead_lettered"] == 1
    assert found.total()["rows"] == 2

    letters = await read_letters(here.kafka)
    chosen = list(letters.by_place.values())
    await redrive(here.kafka, letters, chosen, by="ana", why="", now_ms=0)
    await here.until_done()
    first, second = (await read_letters(here.kafka)).by_place.values()
    assert (first.state, second.state, second.first) == ("redriven", "open", str(first.place))
    found = await balance(here.deployment)
    assert found.mismatches() == []
    assert (found.total()["dead_lettered"], found.total()["open_letters"]) == (2, 1)
    await discard(here.kafka, [second], by="ana", why="")

    said = status(here)
    assert (said.returncode, said.stderr) == (0, "")
    assert "6 records = 2 folded + 0 ignored + 2 duplicate + 2 dead lettered" in said.stdout
    assert "0 open dead letters\nit adds up\n" in said.stdout

    await here.append_in_transaction([fetched(b"{", partition=1)], commits=True)
    await here.append([fetched(b"{", partition=1)])
    await here.until_done()
    told = json.loads(status(here, "--json").stdout)
    assert told["adds_up"] is False
    assert "1 held none, or were lost" in told["mismatches"][0]
    assert status(here).returncode == 1
