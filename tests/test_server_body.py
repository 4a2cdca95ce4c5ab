"""Bodies: a pure function of item and size."""

from hypothesis import given
from hypothesis import strategies as st

from paceline.server.body import body, piece

ITEMS = st.integers(0, 10**18 - 1)
SIZES = st.integers(0, 5000)


@given(ITEMS, SIZES)
def test_a_body_has_the_size_asked_for_and_is_the_same_every_time(item, size):
    assert len(body(item, size)) == size
    assert body(item, size) == body(item, size)


@given(ITEMS, ITEMS)
def test_different_items_have_different_bodies_where_there_is_room_for_their_number(item, other):
    size = max(len(str(item)), len(str(other))) + 1
    assert (body(item, size) == body(other, size)) == (item == other)


def test_a_body_names_its_item():
    assert body(7, 20) == b"7 item\n7 item\n7 item"


@given(ITEMS, SIZES, SIZES)
def test_pieces_are_cut_from_the_same_body(item, start, length):
    assert piece(item, start, start + length) == body(item, start + length)[start:]
