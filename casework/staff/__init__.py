"""Staff: their accounts and sign-ins, and the one way by which they read or change a client's record (`records.py`)."""

from casework.staff.accounts import add, find, set_password
from casework.staff.signing_in import csrf_fits, csrf_token, sign_in, sign_out, who

__all__ = ["add", "csrf_fits", "csrf_token", "find", "set_password", "sign_in", "sign_out", "who"]
