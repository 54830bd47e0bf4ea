"""Who may do what: one table, by the console's route. A route that is not in it is closed to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CASE_MANAGER, SUPERVISOR, ADMIN = "case_manager", "supervisor", "admin"
_EVERYBODY: Final = frozenset((CASE_MANAGER, SUPERVISOR, ADMIN))
_LEADS: Final = frozenset((SUPERVISOR, ADMIN))
_ADMINS: Final = frozenset((ADMIN,))

# No sign-in: the sign-in itself, and the style sheet and scripts it needs.
PUBLIC: Final = frozenset(("console_sign_in", "console_sign_in_form", "console_static"))

ROUTES: Final[Mapping[str, frozenset[str]]] = {
    "console_sign_out": _EVERYBODY,
    "console_queue": _EVERYBODY,
    "console_queue_rows": _EVERYBODY,
    "console_alarms": _EVERYBODY,
    "console_events": _EVERYBODY,
    "console_person": _EVERYBODY,
    "console_person_summary": _EVERYBODY,
    "console_person_road": _EVERYBODY,
    "console_person_transcript": _EVERYBODY,
    "console_summary_pdf": _EVERYBODY,
    "console_summary_fhir": _EVERYBODY,
    "console_where": _EVERYBODY,
    "console_letter": _EVERYBODY,
    "console_look_again": _EVERYBODY,
    "console_contact": _EVERYBODY,
    "console_claim": _EVERYBODY,
    "console_release": _EVERYBODY,
    "console_take_over": _EVERYBODY,
    "console_reply": _EVERYBODY,
    "console_give_back": _EVERYBODY,
    "console_close": _EVERYBODY,
    "console_acknowledge": _EVERYBODY,
    "console_calendar": _EVERYBODY,
    "console_appointment": _EVERYBODY,
    "console_attended": _EVERYBODY,
    "console_no_show": _EVERYBODY,
    "console_cancel": _EVERYBODY,
    "console_move": _EVERYBODY,
    "console_openings": _EVERYBODY,
    "console_book": _EVERYBODY,
    "console_refer": _EVERYBODY,
    "console_reassign": _EVERYBODY,
    "console_typing": _EVERYBODY,
    "console_mark": _EVERYBODY,
    "console_me": _EVERYBODY,
    "console_me_change": _EVERYBODY,
    "console_board": _EVERYBODY,
    "console_board_columns": _EVERYBODY,
    "console_plan": _EVERYBODY,
    "console_road_move": _EVERYBODY,
    "console_road_undo": _EVERYBODY,
    "console_case_manager": _EVERYBODY,
    "console_goal_add": _EVERYBODY,
    "console_goal_change": _EVERYBODY,
    "console_goal_do": _EVERYBODY,
    "console_service_add": _EVERYBODY,
    "console_service_remove": _EVERYBODY,
    "console_task_add": _EVERYBODY,
    "console_task_done": _EVERYBODY,
    "console_task_reopen": _EVERYBODY,
    "console_referrals": _EVERYBODY,
    "console_late": _EVERYBODY,
    "console_availability": _LEADS,
    "console_calendar_add": _LEADS,
    "console_calendar_change": _LEADS,
    "console_date_set": _LEADS,
    "console_date_clear": _LEADS,
    "console_block": _LEADS,
    "console_unblock": _LEADS,
    "console_audit": _LEADS,
    "console_erase": _LEADS,
    "console_erase_now": _LEADS,
    "console_notes": _EVERYBODY,
    "console_note_add": _EVERYBODY,
    "console_note_remove": _EVERYBODY,
    "console_ready_made": _EVERYBODY,
    "console_password": _EVERYBODY,
    "console_password_set": _EVERYBODY,
    "console_admin": _LEADS,
    "console_programs": _LEADS,
    "console_program": _LEADS,
    "console_program_save": _LEADS,
    "console_replies": _LEADS,
    "console_reply_save": _LEADS,
    "console_reply_starters": _LEADS,
    "console_reply_remove": _LEADS,
    "console_policies": _LEADS,
    "console_staff": _ADMINS,
    "console_staff_add": _ADMINS,
    "console_staff_change": _ADMINS,
    "console_staff_reset": _ADMINS,
    "console_staff_disable": _ADMINS,
    "console_staff_enable": _ADMINS,
    "console_agency": _ADMINS,
    "console_agency_save": _ADMINS,
    "console_imports": _ADMINS,
    "console_import": _ADMINS,
    "console_import_undo": _ADMINS,
    "console_reports": _LEADS,
    "console_report_csv": _LEADS,
}


def may(role: str, route: str | None) -> bool:
    return route is not None and role in ROUTES.get(route, frozenset())


def leads(role: str) -> bool:
    """Whether this role may act on what a colleague has claimed."""
    return role in _LEADS
