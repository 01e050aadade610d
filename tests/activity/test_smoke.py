from activity.changes import SYSTEM, change
from activity.models import Activity


def test_records_are_numbered_in_order(northwind):
    with change(northwind.workspace, by=northwind.mia) as record:
        record("first", northwind.workspace)
        record("second", northwind.workspace)
    with change(northwind.workspace, by=SYSTEM) as record:
        record("third", northwind.workspace)
    assert list(Activity.objects.order_by("seq").values_list("seq", "verb")) == [
        (1, "first"),
        (2, "second"),
        (3, "third"),
    ]
