"""Northwind's story as data: who, what and when. telling.py makes it happen.

Northwind Instruments makes water testing instruments: the Kestrel (a photometer for the field),
LabLink (software), and calibration kits. Times are the workspace's (Stockholm).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """Somebody of the cast; the address is <first name>@<workspace>.example."""

    name: str
    role: str
    zone: str
    hue: int
    is_admin: bool = False

    @property
    def first(self) -> str:
        """Return the name the story calls them by."""
        return self.name.split()[0].lower().replace("á", "a")


@dataclass(frozen=True)
class Work:
    """A task of the story. `ends` is the category where it lies when its sprint is told."""

    title: str
    points: int | None
    who: str = ""
    campaign: str = ""
    channel: str = ""
    ends: str = "done"
    made: str = ""  # what can be opened when it is done
    unplanned: str = ""  # the reason, if it came while the sprint ran
    due: int | None = None  # days from the sprint's first day
    about: str = ""
    effort: int | None = None
    impact: int | None = None


@dataclass(frozen=True)
class Answer:
    """What Marketing said: accept, plan (for a sprint of the story) or decline (with a reason)."""

    kind: str
    by: str
    words: str
    work: Work | None = None
    sprint: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Ask:
    """A request. `asked` counts days from the first sprint's first day, or working days ago."""

    title: str
    rep: str
    asked: float
    answer: Answer | None = None
    answered: float = 0.0
    working_days_ago: bool = False
    details: dict[str, object] = field(default_factory=dict)


# Who, how many points, and why so few
Capacity = tuple[str, int, str]
USUAL: tuple[Capacity, ...] = (
    ("mia", 8, ""),
    ("aiko", 10, ""),
    ("lena", 10, ""),
    ("jonas", 8, ""),
    ("priya", 8, ""),
    ("tomas", 6, ""),
)


@dataclass(frozen=True)
class Chapter:
    """A sprint of the story."""

    goal: str
    measure: str
    target: int
    reached: int | None
    work: tuple[Work, ...]
    carried: tuple[tuple[str, str], ...] = ()  # what came from the sprint before, and where it ends
    lead: str = ""
    learned: str = ""
    subject: str = ""
    capacity: tuple[Capacity, ...] = USUAL


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

# name, hue, audience, message, first and last day from the first sprint's first day
CAMPAIGNS = (
    ("Kestrel launch", 130, "Water labs of towns and utilities",
     "A result at the river in fourteen minutes.", -30, 40),
    ("Water Week", 235, "Visitors of the four webinars",
     "Test twice a day with the same two people.", -20, 14),
    ("Analytica fair", 280, "Lab managers in Germany, Austria and Switzerland",
     "Bring a sample and we measure it while you watch.", 10, 70),
    ("LabLink 5", 325, "Labs that run LabLink 4", "Moving takes a morning, not a month.", 20, 90),
    ("Calibration Club", 95, "Users who calibrate themselves",
     "Right numbers, with less work.", -60, None),
)  # fmt: skip

CHAPTERS = (
    Chapter(
        goal="Show Kestrel where water labs look",
        measure="demo bookings",
        target=40,
        reached=46,
        subject="Sprint 1: goal met, and the video you asked for",
        lead="46 labs booked a Kestrel demo; the target was 40. The comparison video that Kenji "
        "asked for is out in English and Japanese. The fair’s booth brief moved to sprint 2, "
        "because the hall plan came late.",
        learned="Ask two reps before the first draft. The video needed one round instead of four.",
        work=(
            Work("Kestrel product page with a booking form", 8, "lena", "Kestrel launch",
                 "Web", made="Kestrel product page"),
            Work("Launch e-mail to 2,310 contacts", 5, "jonas", "Kestrel launch", "E-mail",
                 made="The e-mail as sent"),
            Work("Quarter-page advert in Lab & Process", 2, "lena", "Kestrel launch", "Paid",
                 made="Print file"),
            Work("Sixty-second film: Kestrel in the field", 8, "aiko", "Kestrel launch",
                 "Content", made="The film"),
            Work("Water Week: one page with all four webinars", 5, "jonas", "Water Week", "Web",
                 made="Water Week page"),
            Work("Webinar page: Turbidity without tears", 3, "lena", "Water Week", "Events",
                 made="Webinar page"),
            Work("Carousel: five calibration myths", 2, "lena", "Calibration Club", "Social",
                 made="The carousel"),
            Work("Booth layout and stand builder brief", 5, "tomas", "Analytica fair", "Events",
                 ends="doing"),
        ),
    ),
    Chapter(
        goal="Bring Water Week visitors into a first call",
        measure="visitors called within three days",
        target=60,
        reached=65,
        subject="Sprint 2: goal met, and your battle card is ready",
        lead="65 of 88 visitors were called within three days; the target was 60. The battle card "
        "against Photonix P9 is in your hands. The Italian handout slipped: it waits for the "
        "translation.",
        carried=(("Booth layout and stand builder brief", "done"),),
        learned="Reps call faster when the visitor’s question stands in the first line.",
        work=(
            Work("Call list with each visitor’s question", 3, "jonas", "Water Week", "E-mail",
                 made="The call list"),
            Work("Thank-you e-mail with the recording", 3, "jonas", "Water Week", "E-mail",
                 made="The e-mail as sent"),
            Work("Four webinar recordings, cut and captioned", 8, "aiko", "Water Week", "Content",
                 made="All four recordings"),
            Work("Handout for Italy: dairies and breweries", 3, "priya", "Water Week", "Design",
                 ends="review"),
            Work("Press kit for the Kestrel launch", 3, "priya", "Kestrel launch", "PR",
                 made="Press kit"),
            Work("Save-the-date for the fair", 3, "jonas", "Analytica fair", "E-mail",
                 made="The e-mail as sent"),
            Work("Reagent order form, shorter by half", 5, "lena", "", "Web", made="Order form"),
            Work("Answer to the recall of Photonix P7", 3, "mia", "Kestrel launch", "PR",
                 unplanned="A rival’s recall; buyers asked within hours", made="Our answer"),
        ),
    ),
    Chapter(
        goal="Make the Analytica trade fair count",
        measure="booth meetings booked",
        target=80,
        reached=41,
        carried=(("Handout for Italy: dairies and breweries", "done"),),
        work=(
            Work("Crew roster, hotel and shipping for Munich", 3, "tomas", "Analytica fair",
                 "Events", made="Roster and bookings"),
            Work("Talking points: why Kestrel, why now", 3, "priya", "Kestrel launch",
                 "Product marketing", made="Talking points"),
            Work("Badge scanner test with the CRM", 2, "jonas", "Analytica fair", "Events",
                 made="Test record"),
            Work("Invite 140 key accounts to meetings at the booth", 3, "jonas", "Analytica fair",
                 "E-mail", made="The invitation"),
            Work("Booth demo script: Kestrel in four minutes", 3, "tomas", "Analytica fair",
                 "Events", ends="todo", due=11),
            Work("LabLink 5 migration checklist for lab managers", 3, "mia", "LabLink 5",
                 "Content", ends="todo", due=13),
            Work("Price comparison sheet against bench-top rivals", 2, "priya", "Kestrel launch",
                 "Product marketing", ends="todo",
                 unplanned="Photonix cut its price on Tuesday"),
            Work("Carousel: what we bring to Munich", 2, "lena", "Analytica fair", "Social",
                 ends="todo", due=12),
            Work("Invitation page with bookable demo slots", 5, "lena", "Analytica fair", "Web",
                 ends="doing", due=9),
            Work("Case study: Aalborg Water halves its test time", 5, "mia", "Water Week",
                 "Content", ends="doing", due=13),
            Work("Booth wall graphics: final print files", 3, "aiko", "Analytica fair", "Design",
                 ends="doing", due=4, unplanned="The stand builder changed the wall"),
            Work("Ads for people who visited the fair page", 2, "lena", "Analytica fair", "Paid",
                 ends="review", due=11),
            Work("Poster: hall A2, this way", 2, "aiko", "Analytica fair", "Design",
                 ends="review", due=13),
            Work("Sponsor wall text and logo", 1, "tomas", "Analytica fair", "Events",
                 ends="review"),
            Work("Water sample rack for the booth table", 1, "tomas", "Analytica fair", "Events",
                 made="Order and photo"),
            Work("Talk in the fair’s forum: fourteen minutes", 3, "priya", "Analytica fair",
                 "Events", ends="doing", due=12),
        ),
    ),
)  # fmt: skip

NEXT_GOAL = ("Turn booked meetings into first visits", "first visits made", 30)
NEXT_WORK = (
    Work("Meeting brief for each account we meet at the booth", 5, "jonas", "Analytica fair",
         "E-mail"),
    Work("Analytica thank-you film, thirty seconds", 3, "aiko", "Analytica fair", "Content"),
    Work("Lead form that works without a signal", 3, "lena", "Analytica fair", "Web"),
    Work("LabLink 5 release notes for lab managers", 2, "priya", "LabLink 5", "Content"),
)  # fmt: skip

NEXT_CAPACITY = (*USUAL[:1], ("aiko", 6, "away 2 days"), *USUAL[2:])

ASKS = (
    Ask("Comparison video, Kestrel and Photonix", "kenji", -1.6,
        Answer("plan", "mia", "Yes, Kenji. We plan it for sprint 1 and film it at the river, so "
               "that buyers see both instruments in one picture.", sprint=1,
               work=Work("Comparison video, Kestrel and Photonix", 5, "aiko", "Kestrel launch",
                         "Content", made="The video, English and Japanese")),
        answered=-0.6,
        details={"kind": "content", "stage": "evaluation", "deal_value": 210_000,
                 "heard": "They say Photonix is faster. It is not, but I cannot show it.",
                 "buyers": "Utilities in Kansai", "accounts": "Kansai Suido",
                 "would_help": "Two minutes, side by side, with a clock in the picture"}),
    Ask("A number for the cost of one test", "hannah", -1.4,
        Answer("accept", "mia", "Good question, Hannah, and finance can tell us. It is in the "
               "backlog; I write as soon as it has a sprint.",
               work=Work("Reagent cost calculator for purchasing", 5, "", "Kestrel launch", "Web",
                         impact=4, effort=3)),
        answered=-0.4,
        details={"kind": "answer", "stage": "negotiation", "deal_value": 60_000,
                 "heard": "What does one test cost me, all in?",
                 "buyers": "Purchasing in Swiss utilities"}),
    Ask("Sponsor a rowing team", "olivier", 1.4,
        Answer("decline", "mia", "I like the boats, Olivier, but our buyers are not on that river "
               "bank. If a water utility rows, tell me and I look again.",
               reason="off_strategy"), answered=4.45,
        details={"kind": "campaign", "budget": 8_000,
                 "heard": "A lab manager in Lyon rows there every Sunday."}),
    Ask("Battle card: Kestrel against Photonix P9", "kenji", 8.38,
        Answer("plan", "lena", "Planned for sprint 2, Kenji. Priya writes it with what you and "
               "Sam hear; she calls you on Monday.", sprint=2,
               work=Work("Battle card: Kestrel against Photonix P9", 3, "priya",
                         "Kestrel launch", "Product marketing", made="The battle card")),
        answered=11.4,
        details={"kind": "material", "stage": "evaluation", "deal_value": 220_000,
                 "heard": "P9 has a bigger display. Why is yours better?",
                 "buyers": "Heads of laboratory", "accounts": "Osaka Water"}),
    Ask("One-page flyer: Kestrel for water labs", "sam", 22.7,
        Answer("plan", "mia", "Yes, Sam: sprint 3. Aiko makes the layout, and the fourteen "
               "minutes are the headline, as you say it on the phone.", sprint=3,
               work=Work("One-page flyer: Kestrel for water labs", 3, "aiko", "Kestrel launch",
                         "Design", ends="doing", due=11)),
        answered=25.4,
        details={"kind": "material", "stage": "discovery", "deal_value": 180_000,
                 "heard": "Send me one page I can print. My boss does not read e-mail.",
                 "buyers": "Managers of municipal water labs", "accounts": "City of Madison",
                 "would_help": "One side, one picture, the fourteen minutes in large type"}),
    Ask("Follow-up e-mails for fair visitors, in three languages", "hannah", 22.45,
        Answer("plan", "lena", "Planned for sprint 3, Hannah: German, French and Italian, ready "
               "the day the fair closes.", sprint=3,
               work=Work("Follow-up e-mails for fair visitors, in three languages", 5, "jonas",
                         "Analytica fair", "E-mail", ends="review", due=13)),
        answered=25.45,
        details={"kind": "content", "stage": "discovery", "deal_value": 310_000,
                 "heard": "After the fair nobody writes to us in our language.",
                 "buyers": "Visitors from Switzerland and Austria"}),
    Ask("Teaser for the Milan customer day", "chiara", 21.45,
        Answer("plan", "mia", "Yes, Chiara, in sprint 3: thirty seconds and a picture for the "
               "invitation.", sprint=3,
               work=Work("Teaser for the Milan customer day", 2, "aiko", "", "Content",
                         made="Teaser and picture")),
        answered=22.5,
        details={"kind": "event", "stage": "customer", "deal_value": 85_000,
                 "heard": "Why should I drive to Milan?", "accounts": "Acque del Garda"}),
    Ask("Slides for the Dairyland visit in January", "sam", 4.0,
        Answer("plan", "priya", "Planned for sprint 4, so you have it before you go. Which two "
               "numbers does their quality manager report every week?", sprint=4,
               work=Work("Slides: Kestrel for food and beverage labs", 5, "priya",
                         "Kestrel launch", "Product marketing")),
        answered=3.0, working_days_ago=True,
        details={"kind": "material", "stage": "evaluation", "deal_value": 40_000,
                 "heard": "Does it work with milk? Everything you show is rivers.",
                 "buyers": "Quality managers in dairies", "accounts": "Dairyland",
                 "would_help": "Five slides with dairy samples, and one number"}),
    Ask("Advert in the catalogue of a water congress", "renata", 5.0,
        Answer("decline", "mia", "The congress costs more than what is left for the quarter, "
               "Renata. The film in Portuguese is yours for their screen; that is free.",
               reason="over_budget"), answered=4.2, working_days_ago=True,
        details={"kind": "campaign", "budget": 12_000, "deal_value": 30_000,
                 "heard": "Photonix is on every second page."}),
    Ask("Sponsor the Nordic Water Days dinner", "hannah", 4.3, working_days_ago=True,
        details={"kind": "event", "deal_value": 60_000, "budget": 9_000,
                 "heard": "All the heads of laboratory sit there for three hours.",
                 "buyers": "Heads of laboratory", "stage": "prospecting",
                 "accounts": "Zürich Wasser"}),
    Ask("One slide on our carbon footprint", "kenji", 1.6, working_days_ago=True,
        details={"kind": "answer", "deal_value": 210_000, "stage": "negotiation",
                 "heard": "The tender asks for it, and half a page is enough.",
                 "accounts": "Kansai Suido"}),
    Ask("Something to send after the Kestrel demo", "sam", 0.4, working_days_ago=True,
        details={"kind": "material", "deal_value": 125_000, "stage": "evaluation",
                 "heard": "Great demo. Can you send me something for my boss?",
                 "buyers": "Managers of municipal water labs"}),
)  # fmt: skip

BACKLOG = (
    Work("Landing page for the Nordic reseller day", 3, "", "Water Week", "Web"),
    Work("Customer story: Dairyland, first year with LabLink", 5, "", "LabLink 5", "Content"),
    Work("Follow-up page for labs that saw the Kestrel demo", 3, "lena", "Kestrel launch", "Web"),
    Work("Photonix P9: what to say about their price cut", 2, "priya", "Kestrel launch",
         "Product marketing"),
    Work("Case study: Brauerei Lenz measures in the tank", 5, "", "Kestrel launch", "Content"),
    Work("Training film: changing the Kestrel cell", 5, "aiko", "Calibration Club", "Content"),
    Work("Compare photometer purchase and rental", 3, "", "", "Content"),
    Work("Reseller price list, new layout", 2, "", "", "Design"),
    Work("Refresh the application notes library", 8, "tomas", "", "Content"),
    Work("Short film: calibrate a Kestrel in the rain", 5, "", "Calibration Club", "Content"),
    Work("Newsletter: topics for the first quarter", 2, "jonas", "", "E-mail"),
    Work("Webinar series plan, spring", 3, "", "Water Week", "Events"),
    Work("Update the partner portal pictures", 1, "", "", "Web"),
    Work("Poster for university labs", 2, "", "", "Design"),
    Work("Rewrite the page about us", 3, "", "", "Web"),
    Work("Printed catalogue, second edition", 8, "", "", "Design"),
    Work("Calibration Club: welcome letter", 2, "", "Calibration Club", "E-mail"),
    Work("Calibration reminder by e-mail, thirty days before", 3, "", "Calibration Club",
         "E-mail"),
    Work("LabLink 5: three screens for the home page", 2, "", "LabLink 5", "Web"),
    Work("LabLink 5: webinar for system administrators", 5, "", "LabLink 5", "Events"),
    Work("LabLink 5: questions and answers", 3, "", "LabLink 5", "Content"),
    Work("Interview with a lab manager for the trade press", 3, "", "", "PR"),
    Work("Search ads for “portable photometer”", 3, "", "Kestrel launch", "Paid"),
    Work("Spanish product sheet for Kestrel", 2, "tomas", "Kestrel launch", "Content"),
    Work("Trade press list, cleaned up", 2, "", "", "PR"),
    Work("Study: how many tests a week pay for a Kestrel", 5, "", "Kestrel launch", "Content"),
    Work("Survey of visitors after Water Week", None, "", "Water Week", "E-mail"),
    Work("Footer of all e-mails: new address", None, "", "", "E-mail"),
)  # fmt: skip
