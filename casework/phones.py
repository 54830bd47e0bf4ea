"""Telephone numbers as people write them."""

from __future__ import annotations

import phonenumbers


def as_called(number: str | None) -> str:
    """`(612) 555-0101` for a number of the United States, the international form for others; E.164 in."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number, "US")
    except phonenumbers.NumberParseException:
        return number
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, form.NATIONAL if parsed.country_code == 1 else form.INTERNATIONAL)
