"""One order: whatever is inserted or moved where, it stays an order, each place taken once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from backlog import ordering


class Order:
    """The rows as the database would hold them, moved only by what `place_after` says."""

    def __init__(self):
        self.positions = {}
        self.writes = 0

    def ids(self):
        return sorted(self.positions, key=self.positions.__getitem__)

    def put(self, row, index):
        """Put a row at this index among the others."""
        self.positions.pop(row, None)
        others = self.ids()
        index = min(index, len(others))
        low = self.positions[others[index - 1]] if index else None
        place = ordering.place_after(low, [(i, self.positions[i]) for i in others[index:]])
        self.writes = len(place.shifted)
        self.positions.update(place.shifted)
        self.positions[row] = place.position
        return [*others[:index], row, *others[index:]]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=200))
def test_any_sequence_of_inserts_and_moves_keeps_the_order(steps):
    order = Order()
    for row, index in steps:
        expected = order.put(row, index)
        assert order.ids() == expected
        assert len(set(order.positions.values())) == len(order.positions)


def test_a_gap_that_is_used_up_is_renumbered_by_few_rows():
    order = Order()
    for row in range(1_000):
        order.put(row, row)
    writes = []
    for n in range(1_000):
        order.put(10_000 + n, 500)  # always at the same place, the worst there is
        writes.append(order.writes)
    assert 0 < max(writes[:100]) <= 100
    assert 0 < sum(writes) / len(writes) <= 10
    assert order.ids()[500:502] == [10_999, 10_998]


def test_a_place_between_neighbours_moves_nobody():
    place = ordering.place_after(100, [(1, 200)])
    assert place == ordering.Place(150)


def test_the_ends_are_open():
    assert ordering.place_after(None, []).position == ordering.GAP
    assert ordering.place_after(7, []).position == 7 + ordering.GAP
    assert ordering.place_after(None, [(1, 5)]).position == 5 - ordering.GAP


def test_many_places_at_an_end_keep_their_order():
    assert ordering.places_at_end(10, 2) == [10 + ordering.GAP, 10 + 2 * ordering.GAP]
    top = ordering.places_at_top(10, 2)
    assert top == sorted(top)
    assert top[-1] < 10
