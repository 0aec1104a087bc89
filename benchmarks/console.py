"""`python -m benchmarks.console [ACCOUNTS] [FOLDER]`: how soon each page answers, by HTTP.

A simulated year of 120 customers is folded, then written into the read model as many times as are
needed, each time with other ids. A folder that is named keeps the read model for the next run. Of a
CSV it is the time to its first account.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from sqlalchemy import Engine, func, select

from benchmarks.bench import say
from console.access.database import open_access
from console.context import Console
from console.read_model.ahead import CHANGELOG
from console.read_model.apply import apply
from console.read_model.database import open_read_model
from console.read_model.positions import tidy
from console.read_model.records import Record
from console.read_model.tables import accounts
from console.web.app import make_app
from streams.log.embedded.node import free_port
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, LOG
from streams.settings import load_config
from tests.console.filled import BAD, UNTIL, simulated_year

ACCOUNTS = 100_000
LAST = {CUSTOMERS: 1, CHANGELOG: 1, LOG: 12}
"""Of these topics, so many last records of each customer."""
ROUNDS = 15
LIMIT_MS = 200
IDS = re.compile(rb"\b(?:cus|sub|si|in|inpay|il|ch|pi|re|pm|cs|dp|evt|sub_sched|di)_\w+")
PAGES = (
    "/accounts",
    "/accounts?q=smith",
    "/accounts?q=cus_&sort=-renewal",
    "/accounts?stage=Customer&sort=-mrr",
    "/accounts?stage=Churn&sort=-mrr",
    "/accounts?renews=30d&sort=renewal&offset=100",
    "/accounts?contact=unlinked",
    "/accounts?sort=-since",
    "/accounts?currency=usd&sort=-mrr",
    "/accounts?risk=past_due",
    "/accounts?risk=past_due&deleted=yes&sort=-mrr",
    "/accounts?offset=10000",
    "/accounts.csv",
    "{account}",
    "{account}/timeline",
    "{account}/objects",
    "{account}/why",
    "/revenue",
    "/revenue?period=all&step=week",
    "/revenue/movements",
    "/renewals",
    "/renewals?days=365&sort=-amount",
    "/renewals/at-risk?risk=card_expiring",
    "/renewals.csv",
    "/automations",
    "/automations/rule?name=renewal-7d",
    "/connect",
    "/connect?mode=test",
    "/health",
    "/health?mode=test",
    "/admin",
    "/api/v1/accounts?limit=100",
    "/api/v1/revenue",
    "/api/v1/cohorts",
    "/api/v1/funnel",
    "/api/v1/renewals",
    "/api/v1/automations",
    "/settings/rehearsal",
    "/settings/history",
    "/settings/stages",
    "/settings/automations",
    "/settings/source",
    "/settings/mrr",
)
"""The last two count all rows beside the page, which slows down what is asked meanwhile."""


def main(wanted: int, folder: Path) -> int:
    """Fill, serve, ask.

    Returns:
        1 when a page's median was slower than what is promised.
    """
    config = load_config(None, {"SUBFOLD_CONSOLE__DATA": str(folder)})
    options = config.deployment.console
    read_model = open_read_model(options)
    if (here := _accounts(read_model)) < wanted:
        _fill(read_model, wanted, here)
    console = Console(
        read_model=read_model,
        access=open_access(options),
        config=config,
        clock=lambda: UNTIL,
    )
    say.print(f"{_accounts(read_model)} accounts; {ROUNDS} rounds, one request at a time")
    with _served(console) as address:
        medians = {page: _median_ms(address, page, read_model) for page in PAGES}
    return int(any(median > LIMIT_MS for median in medians.values()))


def _fill(engine: Engine, wanted: int, here: int) -> None:
    say.print("folding a simulated year of 120 customers")
    records = _kept(simulated_year())
    customers = len({record.key for record in records if record.topic == CUSTOMERS})
    started, written = time.perf_counter(), 0
    for number in range(here // customers, -(-wanted // customers)):
        with engine.begin() as connection:
            apply(connection, _as_others(records, number), number + 1)
        written += len(records)
        if number % 50 == 0:
            rate = written / (time.perf_counter() - started)
            say.print(f"{(number + 1) * customers} accounts written, {rate:,.0f} records/s")
    # As the reader does when it has caught up.
    tidy(engine)


def _kept(records: Sequence[Record]) -> list[Record]:
    """All but dead letters and their events; of topics with long histories each key's last."""
    last: dict[tuple[str, bytes | None], deque[Record]] = defaultdict(deque)
    for record in records:
        if record.topic == DEAD_LETTERS or record.key == BAD.encode():
            continue
        kept = last[record.topic, record.key]
        kept.append(record)
        if len(kept) > LAST.get(record.topic, len(records)):
            kept.popleft()
    return [record for kept in last.values() for record in kept]


def _as_others(records: Sequence[Record], number: int) -> Iterator[Record]:
    """The same of other customers: every id of theirs with the number behind it."""
    mark = b"x%d" % number

    def marked(text: bytes | None) -> bytes | None:
        return text and IDS.sub(lambda found: found[0] + mark, text)

    for record in records:
        headers = [
            (name, word + mark if word and name == "ce_id" else marked(word))
            for name, word in record.headers
        ]
        yield record._replace(
            offset=record.offset + number * 10**6,
            key=marked(record.key),
            value=marked(record.value),
            headers=headers,
        )


def _accounts(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(accounts)) or 0


@contextmanager
def _served(console: Console) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(make_app(console), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _median_ms(address: str, page: str, engine: Engine) -> float:
    """Ask for a page some times; of the account's page each time another account."""
    with engine.connect() as connection:
        subjects = connection.scalars(select(accounts.c.subject).limit(ROUNDS)).all()
    times_ms = []
    for subject in subjects:
        url = address + page.format(account=f"/accounts/{subject}")
        started = time.perf_counter()
        with urllib.request.urlopen(url) as answer:
            is_list = page.endswith(".csv")
            read = answer.readline() + answer.readline() if is_list else answer.read()
        times_ms.append(1000 * (time.perf_counter() - started))
    median, most = statistics.median(times_ms), max(times_ms)
    say.print(f"{median:5.0f} ms, at most {most:5.0f}; {len(read):7,} bytes  {page}")
    return median


if __name__ == "__main__":
    accounts_wanted = int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS
    with tempfile.TemporaryDirectory(prefix="subfold-bench-") as temporary:
        kept_in = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary)  # noqa: PLR2004
        sys.exit(main(accounts_wanted, kept_in))
