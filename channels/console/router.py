"""The console's one router. `routes`, `calendar` and `availability` put their pages on it, all behind the same door."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from channels.console.door import ConsoleRoute, admit

router = APIRouter(prefix="/console", route_class=ConsoleRoute, dependencies=[Depends(admit)], include_in_schema=False)
