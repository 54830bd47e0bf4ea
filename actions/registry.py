"""Every custom action, by the name that `domain.yml` knows it by."""

from __future__ import annotations

from actions import about, appointment, control, form
from actions.case import CaseAction

ACTIONS: tuple[type[CaseAction], ...] = (
    form.ValidateIntakeForm,
    form.AskStep,
    form.WalkedThrough,
    control.Open,
    control.Why,
    control.GoBack,
    control.Repeat,
    control.Menu,
    control.Restart,
    control.Pause,
    control.Resume,
    control.TalkToPerson,
    control.Language,
    control.Erase,
    control.EraseNow,
    control.Skip,
    about.Answer,
    about.NeedSaid,
    about.Say,
    about.NotUnderstood,
    about.StartFromAnywhere,
    appointment.Status,
    appointment.Confirm,
    appointment.AskCancel,
    appointment.Cancel,
    appointment.Reschedule,
    appointment.RunningLate,
    appointment.CaseStatus,
)
