"""The directory for other systems, read only: HSDS 3.1 for anybody, FHIR and openings for partners with a token."""

from fastapi import APIRouter

from channels.directory import appointments, fhir, hsds, slots

router = APIRouter()
router.include_router(hsds.router)
router.include_router(appointments.router)
router.include_router(fhir.router)
router.include_router(slots.router)

__all__ = ["router"]
