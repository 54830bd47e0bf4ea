"""Demo mode: all three sides on one page, and a phone that stands in for Twilio. Never mounted without GUIDEPOST_DEMO.

Who can reach the page can use it; it is for the person at this machine or on this network, with invented data only.
"""

from channels.demo.routes import mount

__all__ = ["mount"]
