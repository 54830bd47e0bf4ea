"""Every command of `guidepost`, read top to bottom; what they do is in the rooms they call."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import uuid
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from casework.errors import GuidepostError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Guidepost: a text line to a case manager.")
staff_app = typer.Typer(no_args_is_help=True, help="Staff of the console.")
app.add_typer(staff_app, name="staff")
keys_app = typer.Typer(no_args_is_help=True, help="The keys that clients' records are encrypted with.")
app.add_typer(keys_app, name="keys")
policy_app = typer.Typer(no_args_is_help=True, help="An agency's own copies of policies.")
app.add_typer(policy_app, name="policy")

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def main() -> None:
    """Runs the command line. A business error is one line on stderr and exit code 2, never a traceback."""
    try:
        app()
    except GuidepostError as error:
        print(f"guidepost: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        raise SystemExit(1) from None


def _with_database(work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """Runs `work` over a session, in one transaction on the service's database."""

    async def in_one(database: Any) -> Any:
        async with database.session() as session:
            return await work(session)

    return _on_database(in_one)


def _on_database(work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """Runs `work` over the service's database (the embedded one is started for it).

    Where nothing at all is set up it is the demo's, as with `make run`.
    """
    from casework.commands.processes import database_url
    from casework.directory import load_sample
    from casework.settings import demo_unless_set_up, get_settings, read
    from casework.storage import Database, migrate

    if not read().database_url:
        demo_unless_set_up()
    demo = get_settings().guidepost_demo

    async def run() -> Any:
        with database_url() as url:
            await asyncio.to_thread(migrate.migrate, url)
            database = Database(url, pool_size=2)
            try:
                if demo:
                    async with database.session() as session:
                        await load_sample(session)
                return await work(database)
            finally:
                await database.close()

    return asyncio.run(run())


def _tell(words: str, found: dict[str, Any], as_json: bool) -> None:
    print(json.dumps(found, ensure_ascii=False) if as_json else words)


def _print_lines(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        print(json.dumps(row, ensure_ascii=False), flush=True)


@app.command()
def up(
    train: Annotated[bool, typer.Option(help="Train first what is older than its sources.")] = True,
    demo_without_twilio: Annotated[
        bool, typer.Option("--demo-without-twilio", help="A demo where no Twilio settings are given, as `make run`.")
    ] = False,
) -> None:
    """Starts everything: database, model server, actions, web, worker. Ctrl-C stops it all."""
    from casework.commands.up import up as run_up

    raise SystemExit(run_up(train=train, demo_without_twilio=demo_without_twilio))


@app.command()
def prepare() -> None:
    """Trains what is older than its sources (the dialogue model, the crisis detector)."""
    from casework.commands.training import train_all

    train_all()


@app.command()
def safety(jsonl: Annotated[bool, typer.Option("--jsonl", help='Read {"text": ...} a line.')] = False) -> None:
    """Reads texts from stdin, one a line; prints level, kinds and score of danger for each."""
    from casework.safety import cli

    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")  # one bad byte is one bad letter, not the end
    _print_lines(cli.lines(sys.stdin, jsonl))


@app.command()
def marks() -> None:
    """Prints the messages that staff marked, as training data: level|kinds|language|text. They hold clients' words."""
    from casework.safety.marks import export_marks

    async def read(session: Any) -> list[str]:
        return [line async for line in export_marks(session)]

    for line in _with_database(read):
        print(line)


@app.command()
def understand(jsonl: Annotated[bool, typer.Option("--jsonl", help='Read {"text": ...} a line.')] = False) -> None:
    """Reads texts from stdin, one a line; prints intent, confidence and entities of each, by the trained model."""
    from casework.commands.training import understand as run_understand

    raise SystemExit(run_understand(jsonl))


@app.command()
def screen(
    facts: Annotated[str, typer.Option(help="A file with one facts object, or - for stdin.")],
    policy: Annotated[str, typer.Option(help="The policy's id.")] = "default",
    language: Annotated[str, typer.Option(help="en or es: the language of the reasons.")] = "en",
    as_json: AsJson = False,  # noqa: ARG001 - there is no other form
) -> None:
    """Computes the eligibility pre-screen of one facts object. A person decides."""
    from casework import screening

    if facts == "-":
        text = sys.stdin.buffer.read()
    else:
        try:
            text = Path(facts).read_bytes()
        except OSError as error:
            raise GuidepostError(f"cannot read the facts file: {error.strerror}") from error
    if language not in screening.LANGUAGES:
        raise GuidepostError(f"--language is one of {', '.join(screening.LANGUAGES)}")
    chosen: screening.Policy | str = policy
    if policy not in screening.policy_ids():
        from casework.intake import policies  # an agency's own copy; the shipped ones need no settings and no map

        chosen = policies.load(policy)
    result = screening.screen(screening.facts_from_json(text), chosen, language="es" if language == "es" else "en")
    print(json.dumps(result.to_json(), ensure_ascii=False))


@policy_app.command("copy")
def policy_copy(
    policy: Annotated[str, typer.Argument(help="A shipped policy's id.")],
    new: Annotated[str, typer.Argument(help="The copy's id: small letters, digits, hyphens.")],
    state: Annotated[list[str], typer.Option("--state", help="Whose clients it is for; MN. More than one is fine.")],
    county: Annotated[list[str] | None, typer.Option("--county", help="A county it serves.")] = None,
    zip_code: Annotated[list[str] | None, typer.Option("--zip", help="A ZIP it serves.")] = None,
) -> None:
    """Makes an agency's own copy of a policy with its service area, to edit further by hand."""
    from casework.commands import policies

    policies.copy(policy, new, states=state, counties=county or [], zips=zip_code or [])


@app.command()
def rescreen(
    client: Annotated[str | None, typer.Option(help="One client's id, as in the console's address; else all.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep those that come out otherwise.")] = False,
    as_json: AsJson = False,
) -> None:
    """Runs kept screenings again by the policies as they are today, on the facts and the day they were made with."""
    from casework.commands import policies

    policies.rescreen(_with_database, client, save=save, as_json=as_json)


@app.command()
def locate(
    zip_code: Annotated[str, typer.Option("--zip", help="Five digits.")],
    veteran: Annotated[bool, typer.Option("--veteran")] = False,
    payer: Annotated[str | None, typer.Option(help="medicaid, medicare, private, va, uninsured, other")] = None,
    age: Annotated[int | None, typer.Option(min=0, max=120)] = None,
    language: Annotated[str, typer.Option()] = "en",
    limit: Annotated[int, typer.Option(min=1, max=50)] = 3,
    as_json: AsJson = False,
) -> None:
    """The nearest programs that would take this person."""
    from casework import clock, geography
    from casework.directory import Seeker, nearest
    from casework.scheduling import openings

    payers = ("medicaid", "medicare", "private", "va", "uninsured", "other")
    if payer is not None and payer not in payers:
        raise GuidepostError(f"--payer is one of {', '.join(payers)}")
    try:
        place = geography.find(zip_code)
    except geography.UnknownPlace as unknown:
        where = "a military address has no place on the map" if unknown.military else "there is no such ZIP"
        raise GuidepostError(f"--zip: {where}") from unknown
    seeker = Seeker(place=place, age=age, veteran=veteran or None, payer=payer, language=language)

    async def find(session: Any) -> list[dict[str, Any]]:
        found = await nearest(session, seeker, limit=limit)
        soonest = await openings.next_opening(session, [each.program.id for each in found], clock.now())
        return [
            {
                "id": each.program.id,
                "organization": each.program.organization,
                "name": each.program.name,
                "kind": each.program.kind,
                "miles": round(each.miles, 1),
                "phone": each.program.intake_phone or each.program.phone,
                "city": each.program.city,
                "state": each.program.state,
                "zip": each.program.zip,
                "payers": each.program.payers,
                "languages": each.program.languages,
                "next_opening": opening.isoformat() if (opening := soonest.get(each.program.id)) else None,
                "because": each.because,
            }
            for each in found
        ]

    rows = _with_database(find)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['miles']:6.1f} mi  {row['organization']}  {row['phone']}  {row['next_opening'] or 'by phone'}")
    if not rows:
        print("no program within 200 miles", file=sys.stderr)


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="samhsa, findtreatment, va-vast, va-api, hsds; or zip-counties")],
    path: Annotated[str, typer.Argument(help="A file (or folder), or an address where the kind allows it.")],
    verified_on: Annotated[str | None, typer.Option(help="The date its facts were checked, as 2026-11-01.")] = None,
    clinics: Annotated[str | None, typer.Option(help="va-vast: the file of clinical services.")] = None,
    as_json: AsJson = False,
) -> None:
    """Imports programs: counts read, added, updated, refused, and each refusal with its row and reason."""
    from casework.commands import directory

    directory.import_file(_with_database, kind, path, verified_on=verified_on, clinics=clinics, as_json=as_json)


@app.command("undo-import")
def undo_import(as_json: AsJson = False) -> None:
    """Takes the last import back; what staff changed since stays."""
    from casework.commands import directory

    directory.undo_import(_with_database, as_json=as_json)


@app.command()
def export(
    kind: Annotated[str, typer.Argument(help="hsds, fhir or slots")],
    path: Annotated[str, typer.Argument(help="Where to write.")],
    as_json: AsJson = False,
) -> None:
    """Writes the directory, or the open slots, in a standard's form."""
    from casework.commands import directory

    directory.export(_with_database, kind, path, as_json=as_json)


@app.command()
def erase(
    phone: Annotated[str | None, typer.Option(help="The client's number.")] = None,
    client: Annotated[
        uuid.UUID | None,
        typer.Option(help="The client's id, as in their page's address: a web chat has no number."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erases a client: record, messages, answers, appointments, and what the dialogue model kept."""
    from casework import records

    if (phone is None) == (client is None):
        raise GuidepostError("say whom: --phone NUMBER or --client ID")
    erased = _with_database(lambda session: records.erase(session, phone=phone, client_id=client))
    if not erased:
        raise GuidepostError("no client has this number" if phone else "no client has this id")
    _tell("erased", {"erased": True}, as_json)


@app.command()
def purge(
    days: Annotated[
        int | None, typer.Option(min=1, help="Days since a client's last message; else RETENTION_DAYS.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erases clients who have been silent for so long and have nothing ahead, as the worker does by itself."""
    from casework import records
    from casework.settings import read

    silent = days or read().retention_days
    if not silent:
        raise GuidepostError("RETENTION_DAYS is 0, never; say how long with --days")
    count = _with_database(lambda session: records.purge(session, silent))
    _tell(f"{count} erased", {"erased": count}, as_json)


@keys_app.command("rotate")
def keys_rotate(as_json: AsJson = False) -> None:
    """Writes everything encrypted anew with the newest of ENCRYPTION_KEYS, with which every process must run."""
    from casework.storage import rotation

    count = _on_database(rotation.rotate)
    _tell(f"{count} values written with the newest key", {"written": count}, as_json)


@staff_app.command("add")
def staff_add(
    email: str,
    role: Annotated[str, typer.Option(help="case_manager, supervisor or admin")],
    name: Annotated[str | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """Adds a member of staff; asks for the password (or reads it from stdin)."""
    from casework import staff

    password = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )

    async def add(session: Any) -> None:
        await staff.add(session, email=email, name=name or email.split("@")[0], role=role, password=password)

    _with_database(add)
    _tell(f"{email} is {role}", {"email": email, "role": role}, as_json)
