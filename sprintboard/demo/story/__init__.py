"""Northwind's story as data: who, what and when. telling.py makes it happen.

Northwind Instruments makes water testing instruments: the Kestrel (a photometer for the field),
LabLink (software), and calibration kits. Times are the workspace's (Stockholm). Its sprints 1 to 6
ran before Sprintboard.
"""

from .backlog import BACKLOG
from .cast import CAMPAIGNS, PEOPLE, USUAL
from .requests import ASKS
from .sprints import CHAPTERS, FIRST, IMPEDIMENTS, PLANS, WAITS
from .words import (
    Answer,
    Ask,
    Awaited,
    Backer,
    Capacity,
    Chapter,
    Impeded,
    Person,
    Said,
    Work,
)

__all__ = [
    "ASKS",
    "BACKLOG",
    "CAMPAIGNS",
    "CHAPTERS",
    "FIRST",
    "IMPEDIMENTS",
    "PEOPLE",
    "PLANS",
    "USUAL",
    "WAITS",
    "Answer",
    "Ask",
    "Awaited",
    "Backer",
    "Capacity",
    "Chapter",
    "Impeded",
    "Person",
    "Said",
    "Work",
]
