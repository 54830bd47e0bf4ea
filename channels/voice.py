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
    for language, spoken in _SPOKEN.items():
        answer.say(say("utter_voice", language, agency=settings.agency_name).text, language=spoken)
    if settings.staff_forward:
        for language, spoken in _SPOKEN.items():
            answer.say(say("utter_voice_forward", language).text, language=spoken)
        answer.dial(settings.staff_forward, timeout=_RING_SECONDS, answer_on_bridge=True)
        for language, spoken in _SPOKEN.items():
            answer.say(say("utter_voice_nobody", language).text, language=spoken)
    answer.hangup()
    log.info("call", forwarded=bool(settings.staff_forward))
    return Response(str(answer), media_type="text/xml")
