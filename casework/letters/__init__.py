"""What a client can take along: the letter for the first visit (one page, PDF), and the address it is found at."""

from casework.letters.content import Letter, letter_for, make_letter
from casework.letters.links import page_url, read_link
from casework.letters.printing import pdf

__all__ = ["Letter", "letter_for", "make_letter", "page_url", "pdf", "read_link"]
