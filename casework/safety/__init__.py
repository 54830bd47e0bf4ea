"""Nobody in danger is missed: every inbound message is assessed before anything else looks at it.

`assess` says what a text shows; `on_message` acts on it inside the receiving transaction; `release` is the staff's.
The detector is loaded at its first use.
"""

from casework.safety.assess import Assessment, assess, warm
from casework.safety.questionnaire import phq9_item9
from casework.safety.response import Verdict, on_message, release

__all__ = ["Assessment", "Verdict", "assess", "on_message", "phq9_item9", "release", "warm"]
