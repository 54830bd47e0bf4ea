"""Voice calls to the line's number: a short spoken answer, in both languages; where it is set, then a person.

The number is a text line. Whoever calls it must not meet silence: they hear that, and 988 and 911.
"""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response
from twilio.twiml.voice_response import VoiceResponse

from casework.wording import say
from channels.sms import signed_form

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/voice", tags=["voice"])
_SPOKEN = {"en": "en-US", "es": "es-US"}
_RING_SECONDS = 25


@router.post("/inbound", summary="Somebody calls the line's number (signed by Twilio)")
async def inbound(request: Request) -> Response:
    await signed_form(request)
    settings = request.app.state.settings
    answer = VoiceResponse()
    _say(answer, "utter_voice", agency=settings.agency_name)
    if settings.staff_forward:
        _say(answer, "utter_voice_forward")
        # What comes next is asked for at `after`: without it Twilio would go on here, also after a call that was had.
        after = settings.base_url + "/voice/after"
        answer.dial(settings.staff_forward, timeout=_RING_SECONDS, answer_on_bridge=True, action=after)
    else:
        answer.hangup()
    log.info("call", forwarded=bool(settings.staff_forward))
    return Response(str(answer), media_type="text/xml")


@router.post("/after", summary="A call that was put through is over, or nobody answered (signed by Twilio)")
async def after(request: Request) -> Response:
    form = await signed_form(request)
    answer = VoiceResponse()
    if form.get("DialCallStatus") != "completed":
        _say(answer, "utter_voice_nobody")
    answer.hangup()
    return Response(str(answer), media_type="text/xml")


def _say(answer: VoiceResponse, response: str, **values: str) -> None:
    for language, spoken in _SPOKEN.items():
        answer.say(say(response, language, **values).text, language=spoken)
