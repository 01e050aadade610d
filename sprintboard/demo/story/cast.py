"""The people of Northwind, what they can take in a sprint, and their campaigns."""

from .words import Capacity, Person

PEOPLE = (
    Person("Mia Lindqvist", "marketer", "Europe/Stockholm", 60, is_admin=True),
    Person("Aiko Tanaka", "marketer", "Europe/Stockholm", 330),
    Person("Lena Okafor", "marketer", "Europe/Berlin", 295),
    Person("Jonas Weber", "marketer", "Europe/Berlin", 250),
    Person("Priya Nair", "marketer", "Europe/London", 140),
    Person("Tomás Rey", "marketer", "Europe/Madrid", 85),
    Person("Sam Whitfield", "sales", "America/Chicago", 210),
    Person("Chiara Bianchi", "sales", "Europe/Rome", 210),
    Person("Olivier Lambert", "sales", "Europe/Paris", 210),
    Person("Hannah Schulz", "sales", "Europe/Zurich", 210),
    Person("Kenji Mori", "sales", "Asia/Tokyo", 210),
    Person("Renata Duarte", "sales", "America/Sao_Paulo", 210),
    Person("Grace Adeyemi", "manager", "Europe/London", 110),
)

USUAL: tuple[Capacity, ...] = (
    ("mia", 10, ""),
    ("aiko", 10, ""),
    ("lena", 12, ""),
    ("jonas", 10, ""),
    ("priya", 10, ""),
    ("tomas", 8, ""),
)

# name, hue, audience, message, first and last day from the first sprint's first day
CAMPAIGNS = (
    ("Kestrel launch", 130, "Water labs of towns and utilities",
     "A result at the river in fourteen minutes.", 46, 200),
    ("Water Week", 235, "Visitors of the four webinars",
     "Test twice a day with the same two people.", 40, 90),
    ("Analytica fair", 280, "Lab managers in Germany, Austria and Switzerland",
     "Bring a sample and we measure it while you watch.", 60, 130),
    ("LabLink 5", 325, "Labs that run LabLink 4", "Moving takes a morning, not a month.", 70, 190),
    ("Calibration Club", 95, "Users who calibrate themselves",
     "Right numbers, with less work.", -60, None),
    ("Autumn calibration offer", 235, "Owners of older photometers",
     "Bring it in, it leaves like new.", -20, 34),
    ("Lab & Process adverts", 265, "Readers of the trade press",
     "The instrument your rival reads about.", 10, 100),
    ("University starter kits", 130, "Chemistry teachers and their labs",
     "Twenty students, one afternoon, real water.", 130, 220),
)  # fmt: skip
