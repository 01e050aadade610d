"""How a person looks to colleagues before they chose anything: name, initials, hue."""

from .models import User

# None of these reads as the accent (10 to 45) or as Sales (170 to 200)
HUES = (60, 80, 95, 115, 130, 145, 160, 215, 235, 250, 265, 280, 295, 310, 325, 340)


def shown_name_of(user: User) -> str:
    """Return the name colleagues read; without one, what stands before the @."""
    return user.name.strip() or user.email.partition("@")[0]


def initials_of(name: str) -> str:
    """Return two letters: of the first and the last word, or the first two of the only word."""
    words = ["".join(filter(str.isalnum, word)) for word in name.split()]
    words = [word for word in words if word]
    if not words:
        return "?"
    letters = words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]
    return letters.upper()[:3]  # "ß" has two capitals


def hue_of(user: User) -> int:
    """Return a person's hue: neighbours in the list of people lie far apart in colour."""
    return HUES[user.pk * 7 % len(HUES)]
