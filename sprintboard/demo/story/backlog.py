"""What lies in Northwind's backlog beside what Sales asked for, in its order."""

from .words import Said, Work

CHOSEN = (
    Work("Landing page for the Nordic reseller day", 3, "", "Water Week", "Web", impact=3,
         effort=2),
    Work("Refresh the application notes library", 8, "tomas", "", "Content", impact=4, effort=5,
         talk=(Said("tomas", "IT must open the old file server first. I asked on Monday.", 30),
               Said("grace", "I take that to the IT meeting.", 31))),
    Work("Newsletter: topics for the first quarter", 2, "jonas", "", "E-mail", impact=3, effort=1),
    Work("Webinar series plan, spring", 3, "", "Water Week", "Events", impact=4, effort=3),
    Work("Update the partner portal pictures", 1, "", "", "Web", impact=1, effort=1),
    Work("Calibration Club: welcome letter", 2, "", "Calibration Club", "E-mail", impact=3,
         effort=1),
    Work("Calibration reminder by e-mail, thirty days before", 3, "", "Calibration Club",
         "E-mail", impact=4, effort=2),
    Work("LabLink 5: three screens for the home page", 2, "lena", "LabLink 5", "Web", impact=3,
         effort=2),
    Work("LabLink 5: webinar for system administrators", 5, "jonas", "LabLink 5", "Events",
         impact=4, effort=3),
    Work("LabLink 5: questions and answers", 3, "priya", "LabLink 5", "Content", impact=3,
         effort=2),
    Work("LabLink 5: film of the first morning", 5, "aiko", "LabLink 5", "Content", impact=4,
         effort=4),
    Work("LabLink 5: letter to labs on version 3", 2, "", "LabLink 5", "E-mail", impact=3,
         effort=1),
    Work("Interview with a lab manager for the trade press", 3, "mia", "", "PR", impact=3,
         effort=2),
    Work("Search ads for “portable photometer”", 3, "lena", "Kestrel launch", "Paid", impact=4,
         effort=2),
    Work("Trade press list, cleaned up", 2, "", "", "PR", impact=2, effort=2),
    Work("Study: how many tests a week pay for a Kestrel", 5, "", "Kestrel launch", "Content",
         impact=4, effort=4),
    Work("Survey of visitors after Water Week", None, "", "Water Week", "E-mail"),
    Work("Footer of all e-mails: new address", None, "", "", "E-mail"),
    Work("Starter kit: what twenty students need", 5, "tomas", "University starter kits",
         "Product marketing", impact=3, effort=3),
    Work("Starter kit: lesson plan for one afternoon", 8, "", "University starter kits",
         "Content", impact=3, effort=4),
    Work("Starter kit: price for schools", 2, "", "University starter kits",
         "Product marketing", impact=2, effort=1),
    Work("Kestrel in the rain, the snow and the dust: pictures", 5, "", "Kestrel launch",
         "Content", impact=2, effort=4),
    Work("Page: what happens to my old photometer?", 3, "", "", "Web", impact=2, effort=2),
    Work("Recycling of reagents: what we take back", 3, "", "", "Content", impact=3, effort=3),
    Work("Podcast: ten minutes with a water master", 5, "", "", "Content", impact=2, effort=4),
    Work("Reply texts for reviews on the internet", 2, "", "", "Social", impact=2, effort=1),
    Work("Retire the old picture library", 3, "", "", "Web", impact=1, effort=3),
    Work("Who are our twenty best customers, and why?", 5, "mia", "", "Product marketing",
         impact=5, effort=4),
    Work("Lost deals of the quarter: what did we hear?", 3, "mia", "", "Product marketing",
         impact=5, effort=3),
    Work("Speakers’ list for 2027", 2, "", "", "Events", impact=2, effort=1),
    Work("Fair in Rimini: yes or no?", 2, "tomas", "", "Events", impact=3, effort=1),
    Work("Open day in the workshop", 5, "", "Calibration Club", "Events", impact=3, effort=4),
)  # fmt: skip

SUBSTANCES = (
    "nitrate in ground water", "phosphate in lakes", "iron in well water", "fluoride at the tap",
    "copper in old pipes", "turbidity after storms", "ozone in bottling plants",
    "peracetic acid in breweries", "sulphate in mine water", "manganese in filters",
    "cyanide in electroplating", "silica in boilers", "hardness in laundries",
    "chlorine dioxide in hospitals", "aluminium after flocculation",
)  # fmt: skip
LANGUAGES = (
    "Spanish",
    "Polish",
    "Czech",
    "Dutch",
    "Swedish",
    "Turkish",
    "Japanese",
    "Danish",
    "Finnish",
)
SHEETS = ("Kestrel product sheet", "Reagent catalogue", "LabLink 5 overview")
CUSTOMERS = (
    "Stadtwerke Lindau", "Eaux du Rhône", "Acque del Garda", "Osaka Water", "Águas do Sul",
    "City of Peoria", "Zürich Wasser", "Vichy Labo", "Birra Dolomiti",
)  # fmt: skip
TRADES = (
    "breweries",
    "dairies",
    "swimming pools",
    "power plants",
    "hospitals",
    "fish farms",
    "laundries",
    "vineyards",
)
LONG_AGO = (
    ("Rewrite the page about us", 3, 1, 4), ("Printed catalogue, second edition", 8, 1, 5),
    ("Screen saver for reception", 1, 1, 1), ("Anniversary: forty years of Northwind", 5, 2, 4),
    ("Pens for the sales team", 1, 1, 1), ("Blog: who reads it?", 3, 2, 2),
    ("History of the photometer", 5, 1, 4), ("Wallpaper for video calls", 1, 2, 1),
    ("Letterhead with the new logo", 2, 1, 2), ("Christmas card 2026", 2, 2, 2),
    ("Quiz for the entrance hall", 3, 1, 3), ("Old fair walls: keep or throw away?", 1, 1, 1),
)  # fmt: skip

BACKLOG = (
    *CHOSEN,
    *(
        Work(f"Application note: {substance}", 5, "", "", "Content", impact=2 + n % 3, effort=3)
        for n, substance in enumerate(SUBSTANCES)
    ),
    *(
        Work(f"{sheet} in {language}", 2, "", campaign, "Content", impact=1 + n % 3, effort=2)
        for sheet, campaign in zip(SHEETS, ("Kestrel launch", "", "LabLink 5"), strict=True)
        for n, language in enumerate(LANGUAGES)
    ),
    *(
        Work(f"Customer story: {customer}", 5, "", "Kestrel launch", "Content",
             impact=3 + n % 2, effort=3)
        for n, customer in enumerate(CUSTOMERS)
    ),
    *(
        Work(f"Kestrel for {trade}: {thing}", points, "", "Kestrel launch", channel,
             impact=2 + (n + points) % 3, effort=points)
        for n, trade in enumerate(TRADES)
        for thing, channel, points in (
            ("a page of its own", "Web", 3), ("one e-mail", "E-mail", 2),
            ("three pictures", "Design", 2), ("talking points", "Product marketing", 1),
        )
    ),
    *(
        Work(title, points, "", "", "Design", impact=impact, effort=effort)
        for title, points, impact, effort in LONG_AGO
    ),
)  # fmt: skip
