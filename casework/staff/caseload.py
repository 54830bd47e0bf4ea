"""What staff see and do on the road after the screening. Part of the records: every reading and change is written down,
and a client whom a colleague has claimed, or is the case manager of, is theirs and a supervisor's to change only.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeVar

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from casework import jobs
from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.errors import NotFound
from casework.handoff.tables import Handoff
from casework.road import moves, plans, rules, tasks
from casework.road.rules import Given, NotAllowed, Step
from casework.road.tables import Case, Move, Task
from casework.staff import accounts, audit, reading
from casework.staff.errors import CannotDo, NotYours
from casework.staff.records import Records
from casework.staff.roles import leads
from casework.staff.tables import Staff

T = TypeVar("T")
View = Literal["all", "mine", "overdue"]
_MOVES = 20  # of the history
CARDS = 12  # of a column at once: a board of seven columns stays a page


@dataclass(frozen=True)
class Card:
    """A client on the board. `next`: the ordinary next step, where nothing more is to be told or done for it."""

    case: Case
    client: Client
    case_manager: str | None
    holder: str | None
    program: Program | None
    tasks: Sequence[Task]
    overdue: int
    next: str | None


@dataclass(frozen=True)
class Column:
    """One stage: its cards from the `start`-th on, how many clients there are in all."""

    stage: str
    cards: Sequence[Card]
    count: int


@dataclass(frozen=True)
class Board:
    view: View
    columns: Sequence[Column]
    overdue: int


@dataclass(frozen=True)
class Line:
    """A move in the history, and who made it."""

    move: Move
    who: str | None


@dataclass(frozen=True)
class Way:
    """One client's road: where they stand, what may come next, their plans, tasks and history.

    `may_change_hands`: another case manager can be named, the stage staying as it is."""

    client: Client
    case: Case
    case_manager: Staff | None
    steps: Sequence[Step]
    open_plan: plans.Whole | None
    approved: plans.Whole | None
    tasks: Sequence[Task]
    history: Sequence[Line]
    undoable: Move | None
    mine_to_change: bool
    may_change_hands: bool
    colleagues: Sequence[Staff] = field(default_factory=tuple)


@dataclass(frozen=True)
class Caseload(Records):
    """The records with the road."""

    # Reading

    async def board(self, view: View, *, stage: str | None = None, start: int = 0) -> Board:
        """Columns by stage; with `stage` that one alone, from its `start`-th card on. Whose names are shown is kept."""
        conditions = self._shown(view)
        counted = select(Case.stage, func.count()).where(*conditions).group_by(Case.stage)
        counts = dict((await self.session.execute(counted)).tuples().all())
        wanted = (stage,) if stage else (*rules.STAGES, rules.CLOSED)
        shown = await self._shown_ids(wanted if stage else rules.STAGES, conditions, start)
        cards = {card.client.id: card for card in await self._cards([each for ids in shown.values() for each in ids])}
        columns = [
            Column(each, [cards[client_id] for client_id in shown.get(each, ())], counts.get(each, 0))
            for each in wanted
        ]
        names = sorted(str(card.client.id) for column in columns for card in column.cards)
        audit.write(self.session, self.staff, "board.read", self.at, clients=names)
        return Board(view, columns, await tasks.overdue_count(self.session, self.at))

    async def way(self, client_id: uuid.UUID) -> Way:
        """Raises NotFound. Part of the person's page, whose reading is written down there."""
        client = await self.session.get(Client, client_id)
        if client is None:
            raise NotFound("no such person")
        case = await self._case(client_id)
        open_plan, held = await plans.of_client(self.session, client_id)
        past = await self._history(client_id)
        last = next((line.move for line in past if line.move.undone_at is None), None)
        colleagues = await self.colleagues()
        return Way(
            client=client,
            case=case,
            case_manager=next((each for each in colleagues if each.id == case.case_manager_id), None),
            steps=rules.steps(case.stage, plans.so_far(open_plan)),
            open_plan=open_plan,
            approved=held,
            tasks=await tasks.of_client(self.session, client_id),
            history=past,
            undoable=last if last and last.by == moves.STAFF and last.to_stage == case.stage else None,
            mine_to_change=await self._may_change(client_id, case),
            may_change_hands=rules.may_change_hands(case.stage, named=case.case_manager_id is not None),
            colleagues=colleagues,
        )

    async def read_plan(self, client_id: uuid.UUID) -> Way:
        """The same as a page of its own."""
        await self._readable(client_id)
        found = await self.way(client_id)
        await audit.reading(self.session, self.staff, client_id, self.at, goes_on=True)
        return found

    async def colleagues(self) -> list[Staff]:
        return list(await self.session.scalars(select(Staff).where(Staff.active).order_by(Staff.name)))

    # The stage

    async def move(self, client_id: uuid.UUID, start: str, to: str, given: Given) -> Move:
        """Moves the case; the client is told in a minute, by day. Raises CannotDo with rules' codes, NotYours."""
        await self._mine_to_change(client_id)
        if given.case_manager is not None:
            await self._case_manager(given.case_manager)
        made = await self._try(moves.change(self.session, client_id, start, to, given, self.at, staff_id=self.staff.id))
        await self._changed(f"road.{to}", client_id, move=made.id)
        return made

    async def undo(self, move_id: uuid.UUID) -> uuid.UUID:
        """Takes the last move back, also one's own by which a colleague got the client. Returns the client's id."""
        made = await self.session.get(Move, move_id)
        if made is None:
            raise NotFound("no such move")
        client_id = made.client_id
        if made.staff_id != self.staff.id:
            await self._mine_to_change(client_id)
        await self._try(moves.undo(self.session, move_id, self.at, staff_id=self.staff.id))
        await self._changed("road.undone", client_id, move=move_id)
        return client_id

    async def change_case_manager(self, client_id: uuid.UUID, stage: str, to: uuid.UUID) -> Move:
        """Another case manager from here on, at the same `stage`: they are told, and the client in a minute, by day.

        What the client waits for in the queue goes with them, unless a third person has it. Raises as `move`.
        """
        case = await self._mine_to_change(client_id)
        await self._case_manager(to)
        handoff = await reading.latest_handoff(self.session, client_id)
        if handoff and handoff.status != "closed" and handoff.claimed_by in (None, self.staff.id, case.case_manager_id):
            await self.reassign(client_id, to)
        elif to != self.staff.id:
            await jobs.defer(self.session, "tell_colleague", staff_id=to)
        made = await self._try(moves.hand_on(self.session, client_id, stage, to, self.at, staff_id=self.staff.id))
        await self._changed("road.case_manager", client_id, move=made.id, to=to)
        return made

    async def leave(self, staff_id: uuid.UUID) -> None:
        """This case manager has left: their clients have none, and wait in the queue for another. For supervisors."""
        theirs = select(Case.client_id).where(Case.case_manager_id == staff_id).order_by(Case.client_id)
        for client_id in (await self.session.scalars(theirs)).all():
            handoff = await reading.latest_handoff(self.session, client_id)
            in_care = (await self.session.get_one(Case, client_id)).stage != rules.CLOSED
            if in_care and (handoff is None or handoff.status == "closed"):
                await self._into_the_queue(client_id, "case_manager_left")
            case = await self.session.get_one(Case, client_id, with_for_update=True, populate_existing=True)
            if case.case_manager_id == staff_id:
                case.case_manager_id = None
                await self._changed("road.case_manager_left", client_id)

    # The plan

    async def add_goal(self, client_id: uuid.UUID, text: str, measure: str, target_on: date | None) -> None:
        case = await self._mine_to_change(client_id)
        goal = await self._try(
            plans.add_goal(
                self.session,
                client_id,
                case.stage,
                text,
                measure,
                target_on,
                today=tasks.today(self.at),
                staff_id=self.staff.id,
            )
        )
        await self._changed("plan.goal_added", client_id, goal=goal.id)

    async def change_goal(self, goal_id: uuid.UUID, text: str, measure: str, target_on: date | None) -> uuid.UUID:
        today = tasks.today(self.at)
        return await self._of_goal(
            "plan.goal_changed",
            goal_id,
            lambda: plans.change_goal(self.session, goal_id, text, measure, target_on, today=today),
        )

    async def drop_goal(self, goal_id: uuid.UUID) -> uuid.UUID:
        return await self._of_goal("plan.goal_dropped", goal_id, lambda: plans.drop_goal(self.session, goal_id))

    async def bring_back_goal(self, goal_id: uuid.UUID) -> uuid.UUID:
        return await self._of_goal(
            "plan.goal_brought_back", goal_id, lambda: plans.bring_back_goal(self.session, goal_id)
        )

    async def goal_reached(self, goal_id: uuid.UUID, *, done: bool) -> uuid.UUID:
        action = "plan.goal_reached" if done else "plan.goal_open_again"
        return await self._of_goal(action, goal_id, lambda: plans.reached(self.session, goal_id, done=done))

    async def add_service(self, goal_id: uuid.UUID, what: str, who: str) -> uuid.UUID:
        return await self._of_goal(
            "plan.service_added", goal_id, lambda: plans.add_service(self.session, goal_id, what, who)
        )

    async def remove_service(self, service_id: uuid.UUID) -> uuid.UUID:
        client_id = await plans.client_of_service(self.session, service_id)
        await self._mine_to_change(client_id)
        await self._try(plans.remove_service(self.session, service_id))
        await self._changed("plan.service_removed", client_id, service=service_id)
        return client_id

    # Tasks

    async def add_task(self, client_id: uuid.UUID, note: str, due_on: date | None) -> None:
        await self._mine_to_change(client_id)
        if due_on is None:
            raise CannotDo("needs_due_on")
        task = await self._try(tasks.add(self.session, client_id, note, due_on, self.at))
        await self._changed("task.added", client_id, task=task)

    async def finish_task(self, task_id: uuid.UUID, next_on: date | None = None) -> uuid.UUID:
        task = await tasks.by_id(self.session, task_id)
        await self._mine_to_change(task.client_id)
        await self._try(tasks.finish(self.session, task, self.at, staff_id=self.staff.id, next_on=next_on))
        await self._changed("task.done", task.client_id, task=task.id)
        return task.client_id

    async def reopen_task(self, task_id: uuid.UUID) -> uuid.UUID:
        task = await tasks.by_id(self.session, task_id)
        await self._mine_to_change(task.client_id)
        await tasks.reopen(self.session, task)
        await self._changed("task.reopened", task.client_id, task=task.id)
        return task.client_id

    # What these share

    async def _of_goal(self, action: str, goal_id: uuid.UUID, change: Callable[[], Awaitable[object]]) -> uuid.UUID:
        client_id = await plans.client_of_goal(self.session, goal_id)
        await self._mine_to_change(client_id)
        await self._try(change())
        await self._changed(action, client_id, goal=goal_id)
        return client_id

    async def _case(self, client_id: uuid.UUID) -> Case:
        """The client's case; who had an alarm only gets one now."""
        case = await self.session.get(Case, client_id)
        if case is None:
            await moves.set_out(self.session, client_id, self.at)
            case = await self.session.get_one(Case, client_id)
        return case

    async def _mine_to_change(self, client_id: uuid.UUID) -> Case:
        await self._readable(client_id)
        case = await self._case(client_id)
        if not await self._may_change(client_id, case):
            raise NotYours("a colleague has this client")
        return case

    async def _may_change(self, client_id: uuid.UUID, case: Case) -> bool:
        if leads(self.staff.role) or case.case_manager_id == self.staff.id:
            return True
        holder = await self.session.scalar(
            select(Handoff.claimed_by).where(Handoff.client_id == client_id, Handoff.status == "claimed")
        )
        manager = await accounts.at_work(self.session, case.case_manager_id)
        return (holder or (manager and manager.id)) in (None, self.staff.id)

    async def _case_manager(self, staff_id: uuid.UUID) -> None:
        """Raises CannotDo for somebody who is not there."""
        if await accounts.at_work(self.session, staff_id) is None:
            raise CannotDo("needs_case_manager")

    def _shown(self, view: View) -> list[ColumnElement[bool]]:
        if view == "mine":
            return [self._mine_only()]
        if view == "overdue":
            late = select(Task.client_id).where(Task.status == "open", Task.due_on < tasks.today(self.at))
            return [Case.client_id.in_(late)]
        return []

    def _mine_only(self) -> ColumnElement[bool]:
        held = select(Handoff.client_id).where(Handoff.claimed_by == self.staff.id, Handoff.status == "claimed")
        return or_(
            Case.case_manager_id == self.staff.id, and_(Case.case_manager_id.is_(None), Case.client_id.in_(held))
        )

    async def _shown_ids(
        self, stages: Sequence[str], conditions: Sequence[ColumnElement[bool]], start: int
    ) -> dict[str, list[uuid.UUID]]:
        """The clients of a page of each column: what is due first is first, then who has stood there longest."""
        due = (
            select(Task.client_id, func.min(Task.due_on).label("due"))
            .where(Task.status == "open")
            .group_by(Task.client_id)
            .subquery()
        )
        place = func.row_number().over(
            partition_by=Case.stage, order_by=(due.c.due.asc().nulls_last(), Case.since, Case.client_id)
        )
        ranked = (
            select(Case.stage, Case.client_id, place.label("place"))
            .outerjoin(due, due.c.client_id == Case.client_id)
            .where(Case.stage.in_(stages), *conditions)
            .subquery()
        )
        rows = await self.session.execute(
            select(ranked.c.stage, ranked.c.client_id)
            .where(ranked.c.place > start, ranked.c.place <= start + CARDS)
            .order_by(ranked.c.stage, ranked.c.place)
        )
        found: dict[str, list[uuid.UUID]] = {}
        for stage, client_id in rows:
            found.setdefault(stage, []).append(client_id)
        return found

    async def _cards(self, ids: Sequence[uuid.UUID]) -> list[Card]:
        manager, holder = aliased(Staff), aliased(Staff)
        rows = await self.session.execute(
            select(Case, Client, manager.name, holder.name, Program)
            .join(Client, Client.id == Case.client_id)
            .outerjoin(Handoff, and_(Handoff.client_id == Case.client_id, Handoff.status != "closed"))
            .outerjoin(Program, Program.id == Handoff.program_id)
            .outerjoin(manager, and_(manager.id == Case.case_manager_id, manager.active))
            .outerjoin(holder, holder.id == Handoff.claimed_by)
            .where(Case.client_id.in_(ids))
        )
        found = {row[0].client_id: row for row in rows}
        due = await tasks.due(self.session, list(ids))
        today = tasks.today(self.at)
        cards = []
        for client_id in ids:
            case, client, case_manager, held_by, program = found[client_id]
            theirs = due.get(client_id, [])
            late = sum(1 for task in theirs if task.due_on < today)
            cards.append(Card(case, client, case_manager, held_by, program, theirs, late, _at_once(case.stage)))
        return cards

    async def _history(self, client_id: uuid.UUID) -> list[Line]:
        rows = await self.session.execute(
            select(Move, Staff.name)
            .outerjoin(Staff, Staff.id == Move.staff_id)
            .where(Move.client_id == client_id)
            .order_by(Move.at.desc())
            .limit(_MOVES)
        )
        return [Line(move, name) for move, name in rows]

    async def _try(self, change: Awaitable[T]) -> T:
        try:
            return await change
        except NotAllowed as error:
            raise CannotDo(error.code) from error


def _at_once(stage: str) -> str | None:
    """The step that a card's own button makes: one that asks for nothing and needs no plan."""
    return rules.ASSESSED if stage == rules.INTAKE_BOOKED else None
