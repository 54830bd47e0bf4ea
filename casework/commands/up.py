"""`guidepost up`: the whole line on one machine. Starts every part, restarts what dies and says so, stops on Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

import httpx
from rich.console import Console

from casework.commands import processes, training
from casework.commands.processes import Part
from casework.errors import GuidepostError
from casework.paths import ROOT
from casework.settings import Settings, demo_password, demo_unless_set_up, get_settings
from casework.storage import embedded

READY_SECONDS = 120
DEMO_EMAIL = "demo@guidepost.example"
_PAUSES = (0.5, 1, 2, 5, 10)  # seconds before a part that died is started again, the last one repeated


class CannotStart(GuidepostError):
    """Something in the way of starting, with the fix."""


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    deaths: list[float] = field(default_factory=list)
    due: float | None = None  # when a part that died is started again


class Line:
    """All processes of one line, and watching over them."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._running: list[_Running] = []
        self.postgres: embedded.Server | None = None  # the embedded one, where there is no DATABASE_URL
        self._began = time.monotonic()
        self._stopping = False

    def say(self, text: str) -> None:
        self._console.print(f"[dim]{time.monotonic() - self._began:6.1f} s[/dim]  {text}", highlight=False)

    def start(self, part: Part) -> None:
        self._running.append(_Running(part, self._spawn(part)))

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        environment = (
            processes.bot_environment(part.environment)
            if part.name == "bot"
            else processes.own_environment(part.environment)
        )
        # A session of its own: Ctrl-C in the terminal reaches only the supervisor, which stops the parts in order.
        return subprocess.Popen(  # noqa: S603 - our own commands
            part.command, env=environment, cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL
        )

    async def wait_ready(self) -> None:
        """Until every part answers. Raises CannotStart when one does not in time."""
        for each in self._running:
            if each.part.ready is None:
                continue
            if not await self._answers(each):
                raise CannotStart(f"{each.part.name} did not come up in {READY_SECONDS} s; see its messages above.")
            self.say(f"{each.part.name} is up")
        deadline = time.monotonic() + READY_SECONDS
        while not training.answers(f"{self._settings.own_address}/readyz"):
            if time.monotonic() > deadline:
                raise CannotStart("The parts are up but do not reach each other; ask /readyz which.")
            await self._watch_once()
            await asyncio.sleep(0.2)

    async def _answers(self, each: _Running) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(timeout=3) as client:
            while time.monotonic() < deadline:
                if each.process.poll() is not None and len(each.deaths) >= 2:
                    return False
                await self._watch_once()
                try:
                    if (await client.get(each.part.ready or "")).status_code == httpx.codes.OK:
                        return True
                except httpx.HTTPError:
                    pass  # not yet: asked again until the deadline
                await asyncio.sleep(0.15)
        return False

    async def watch(self, stop: asyncio.Event) -> None:
        """Starts again what dies, until told to stop."""
        while not stop.is_set():
            await self._watch_once()
            try:
                await asyncio.wait_for(stop.wait(), timeout=0.5)
            except TimeoutError:
                continue

    async def _watch_once(self) -> None:
        if self._stopping:
            return
        if self.postgres is not None and not embedded.runs(self.postgres):
            self.say("[yellow]the database died; it is started again[/yellow]")
            hindrance = await asyncio.to_thread(embedded.revive, self.postgres)
            self.say("database is up" if hindrance is None else f"not yet ({hindrance})")
        now = time.monotonic()
        for each in self._running:
            code = each.process.poll()
            if code is None:
                continue
            if each.due is None:
                each.deaths = [moment for moment in each.deaths if now - moment < 60]
                pause = _PAUSES[min(len(each.deaths), len(_PAUSES) - 1)]
                each.deaths.append(now)
                each.due = now + pause
                self.say(f"[yellow]{each.part.name} died (exit code {code}); it is started again in {pause} s[/yellow]")
            elif now >= each.due:
                each.due = None
                each.process = self._spawn(each.part)

    def stop(self) -> None:
        """Stops the parts, those that face people first; what has begun is finished."""
        self._stopping = True
        for each in reversed(self._running):
            if each.process.poll() is None:
                each.process.send_signal(signal.SIGTERM)
        for each in reversed(self._running):
            try:
                each.process.wait(timeout=25)
            except subprocess.TimeoutExpired:
                self.say(f"{each.part.name} did not stop; it is killed")
                os.killpg(each.process.pid, signal.SIGKILL)
                each.process.wait()


def up(*, train: bool = True, demo_without_twilio: bool = False) -> int:
    """Runs the line until Ctrl-C. Returns the exit code. `train=False` takes the models as they are."""
    console = Console(stderr=True)
    if demo_without_twilio:
        demo_unless_set_up()
    settings = get_settings()
    line = Line(settings, console)
    if not processes.port_is_free(settings.port):
        raise CannotStart(f"Port {settings.port} is taken. Set another, for example PORT={settings.port + 1}.")
    if train:
        training.train_all(line.say)
    line._settings = settings = processes.own_ports(settings)
    try:
        with processes.database(settings) as (url, line.postgres):
            line.say("database is up")
            try:
                asyncio.run(_prepare(settings, url, line))
                return asyncio.run(_run(settings, url, line, console))
            finally:
                line.stop()  # before the database: what the parts have begun is finished
    finally:
        line.say("stopped")


async def _prepare(settings: Settings, url: str, line: Line) -> None:
    """Migrations; in demo mode, where the directory is empty, the sample programs and the demo login."""
    from casework.storage import Database, migrate

    await asyncio.to_thread(migrate.migrate, url)
    line.say("database is up to date")
    if not settings.guidepost_demo:
        return
    from casework import staff
    from casework.directory import load_sample

    database = Database(url, pool_size=1)
    try:
        async with database.session() as session:
            loaded = await load_sample(session)
            if await staff.find(session, DEMO_EMAIL) is None:
                await staff.add(
                    session,
                    email=DEMO_EMAIL,
                    name="Demo Case Manager",
                    role="admin",
                    password=demo_password(settings),
                )
    finally:
        await database.close()
    if loaded:
        line.say(f"sample directory loaded ({loaded} invented programs)")


async def _run(settings: Settings, url: str, line: Line, console: Console) -> int:
    from casework.storage import migrate

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    bot_database = None
    if settings.own_bot_port is not None:
        made_with = settings.secret("bot-database")[:40]
        bot_database = settings.bot_database_url or migrate.prepare_bot_role(url, made_with)
    for part in processes.parts(settings, url, bot_database):
        line.start(part)
    ready = asyncio.create_task(line.wait_ready())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([ready, stopped], return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        ready.cancel()
        return 0
    ready.result()
    line.say("[green]ready[/green]")
    if not (settings.on_call or settings.guidepost_demo):
        line.say(
            "[yellow]nobody is on call: set ON_CALL, or a danger is seen only by who looks at the console[/yellow]"
        )
    _tell_where(settings, console)
    await line.watch(stop)
    line.say("stopping ...")
    return 0


def _tell_where(settings: Settings, console: Console) -> None:
    base = settings.base_url
    if settings.guidepost_demo:
        console.print(f"\n  Try it       {base}/demo")
    console.print(f"  Console      {base}/console")
    console.print(f"  Web chat     {base}/chat/demo")
    if settings.guidepost_demo:
        console.print(f"  Demo login   {DEMO_EMAIL}  {demo_password(settings)}", highlight=False)
    else:
        console.print(f"  Twilio posts to {base}/sms/inbound")
    console.print("  Ctrl-C stops everything.\n")
    sys.stderr.flush()
