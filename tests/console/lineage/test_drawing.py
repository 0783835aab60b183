"""The lineage drawing: no crossing in a tree of mergers, every body, link and share is on it, and slips are drawn."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from console.lineage.drawing import drawing_of, share_words
from console.lineage.family import Family, Slip, Succession, naming_days, rolled_up
from console.lineage.rows import crossings, first_rows, rows_of
from console.lineage.succession_list import ListedBody, listed

EAST = [
    Succession(date(2018, 4, 1), "Q1A", "Q4D", "1", "merger"),
    Succession(date(2018, 4, 1), "Q2B", "Q4D", "1", "merger"),
    Succession(date(2018, 4, 1), "Q3C", "Q4D", "1", "merger"),
    Succession(date(2021, 4, 1), "Q4D", "Q6F", "1", "merger"),
    Succession(date(2021, 4, 1), "Q5E", "Q6F", "1", "merger"),
]


def family(*steps: Succession, focus: str = "Q1A", founders: frozenset[str] = frozenset()) -> Family:
    return Family(tuple(sorted(steps)), focus, founders)


def merge(code: str, successor: str, on: date, share: str = "1") -> Succession:
    return Succession(on, code, successor, share, "merger")


@st.composite
def trees(draw: st.DrawFn, most: int = 24) -> Family:
    """Mergers and acquisitions alone: each body passes wholly to one other, on days after it began."""
    alive = [f"A{number}" for number in range(draw(st.integers(2, most)))]
    founders, steps, day, made = frozenset(alive), list[Succession](), date(2013, 4, 1), 0
    while len(alive) > 1 and draw(st.booleans() if made else st.just(True)):
        day += timedelta(days=draw(st.sampled_from((10, 90, 365, 700))))
        fresh, order = list[str](), draw(st.permutations(alive))
        while len(order) > 1:
            some, order = order[: draw(st.integers(2, 4))], order[4:]
            made += 1
            acquires = draw(st.booleans())
            successor = some[0] if acquires else f"S{made}"
            steps += [merge(code, successor, day) for code in (some[1:] if acquires else some)]
            fresh.append(successor)
        alive = fresh
    return Family(tuple(sorted(steps)), "A0", founders)


@st.composite
def webs(draw: st.DrawFn) -> Family:
    """Any successions: splits, circles, bodies that follow themselves, shares that are not stated."""
    codes = st.sampled_from([f"B{number}" for number in range(9)])
    days = st.sampled_from([date(2015 + year, 4, 1) for year in range(4)])
    shares, shapes = (
        st.sampled_from(("", "1", "1/2", "2/7")),
        st.sampled_from(("", "merger", "split", "boundary_change")),
    )
    steps = draw(st.lists(st.builds(Succession, days, codes, codes, shares, shapes), min_size=1, max_size=14))
    one_each = {(step.on, step.code, step.successor): step for step in steps}
    return Family(tuple(sorted(one_each.values())), draw(codes), frozenset(draw(st.sets(codes, max_size=3))))


@settings(max_examples=60, deadline=None)
@given(trees())
def test_a_tree_of_mergers_and_acquisitions_never_crosses(tree: Family) -> None:
    assert crossings(tree, first_rows(tree)) == 0
    assert rows_of(tree) == first_rows(tree)


@settings(max_examples=60, deadline=None)
@given(trees())
def test_no_row_has_two_bodies_at_one_time(tree: Family) -> None:
    lanes = drawing_of(tree).lanes
    for number, one in enumerate(lanes):
        for other in lanes[:number]:
            assert one.y != other.y or one.x_end <= other.x or other.x_end <= one.x


@settings(max_examples=80, deadline=None)
@given(webs())
def test_every_body_link_and_share_of_any_family_is_on_the_drawing(web: Family) -> None:
    drawing = drawing_of(web)
    assert {lane.code for lane in drawing.lanes} == {*web.codes}
    links = {(link.step.code, link.step.successor, link.step.on) for link in drawing.links}
    assert links == {(step.code, step.successor, step.on) for step in web.steps if step.code != step.successor}
    assert {mark.on for mark in drawing.days} == {step.on for step in web.steps}
    for lane in drawing.lanes:
        after = web.after.get(lane.code, [])
        divided = len(after) > 1 or any(step.share not in ("", "1") for step in after)
        assert all(share_words(step.share) in lane.shares for step in after if divided)
        assert all(step.successor in lane.shares for step in after if divided)
    assert all(0 <= one.x <= drawing.width and 0 <= one.y <= drawing.height for one in drawing.lanes)


@settings(max_examples=40, deadline=None)
@given(webs())
def test_other_rows_are_taken_only_where_they_cross_less(web: Family) -> None:
    rows, first = rows_of(web), first_rows(web)
    assert rows.keys() == first.keys()
    assert crossings(web, rows) <= crossings(web, first)


@settings(max_examples=60, deadline=None)
@given(webs())
def test_the_list_has_every_body_once_and_each_link(web: Family) -> None:
    def bodies(some: tuple[ListedBody, ...]) -> list[ListedBody]:
        return [found for one in some for found in (one, *bodies(one.within))]

    found = bodies(listed(web))
    assert sorted(one.code for one in found if not one.again) == [*web.codes]
    inner = [one for one in found if one.on is not None]
    assert len(inner) == sum(step.code != step.successor for step in web.steps)


def test_two_hundred_bodies_are_drawn_without_a_crossing_each_with_its_label() -> None:
    firsts = [merge(f"P{number:03}", f"M{number // 4:02}", date(2018 + number % 2, 4, 1)) for number in range(160)]
    seconds = [merge(f"M{number:02}", f"L{number // 8}", date(2021, 4, 1)) for number in range(40)]
    large = Family(tuple(sorted([*firsts, *seconds])), "P001", frozenset(step.code for step in firsts))
    drawing = drawing_of(large)
    assert len(drawing.lanes) == 205
    assert crossings(large, rows_of(large)) == 0
    assert len({(lane.x, lane.y) for lane in drawing.lanes}) == 205


def test_the_asked_body_its_predecessors_and_successors_are_marked_and_no_others() -> None:
    drawing = drawing_of(family(*EAST))
    assert {lane.code for lane in drawing.lanes if lane.on_path} == {"Q1A", "Q4D", "Q6F"}
    assert [lane.code for lane in drawing.lanes if lane.asked] == ["Q1A"]
    assert {link.step.code for link in drawing.links if link.on_path} == {"Q1A", "Q4D"}


def test_a_successor_continues_in_the_row_of_its_middle_predecessor() -> None:
    rows = first_rows(family(*EAST))
    assert rows == {"Q1A": 0, "Q2B": 1, "Q3C": 2, "Q4D": 1, "Q5E": 3, "Q6F": 3}


def test_a_split_says_each_share_once_at_the_end_of_the_lane() -> None:
    day = date(2020, 4, 1)
    drawing = drawing_of(
        family(merge("Q1A", "Q7G", day, "1/2"), merge("Q1A", "Q8H", day, "1/3"), merge("Q1A", "Q9J", day, "1/6"))
    )
    shares = {lane.code: lane.shares for lane in drawing.lanes}
    assert shares == {"Q1A": "50% Q7G, 1/3 Q8H, 1/6 Q9J", "Q7G": "", "Q8H": "", "Q9J": ""}


def test_a_share_that_no_source_states_is_said_to_be_so() -> None:
    drawing = drawing_of(family(merge("Q1A", "Q7G", date(2020, 4, 1), "")))
    assert drawing.lanes[0].shares == "share not stated"
    assert drawing.links[0].words == "Q1A to Q7G on 1 April 2020 (merger): share not stated"


def test_a_body_that_takes_another_over_is_drawn_from_before_it() -> None:
    taken = family(merge("Q2B", "Q1A", date(2020, 4, 1)), founders=frozenset(["Q1A", "Q2B"]))
    lanes = {lane.code: lane for lane in drawing_of(taken).lanes}
    assert lanes["Q1A"].x == lanes["Q2B"].x < lanes["Q2B"].x_end < lanes["Q1A"].x_end


def test_a_body_that_was_of_another_kind_before_others_passed_to_it_is_dotted_until_then() -> None:
    steps = (merge("Q1A", "Q4D", date(2021, 4, 1)), merge("Q4D", "Q6F", date(2022, 7, 1)))
    alike = Family(steps, "Q6F", frozenset({"Q1A", "Q6F"}))
    lanes = {lane.code: lane for lane in drawing_of(alike).lanes}
    assert (lanes["Q6F"].x_turned, lanes["Q6F"].turned) == (None, "")
    drawing = drawing_of(replace(alike, turned={"Q6F": date(2022, 7, 1)}))
    lanes = {lane.code: lane for lane in drawing.lanes}
    assert lanes["Q6F"].x_turned == drawing.days[1].x
    assert lanes["Q6F"].turned == "Q6F was there before 1 July 2022, as a body of another kind"
    (last,) = listed(alike)
    assert (last.code, last.was_there, last.within[0].was_there) == ("Q6F", True, False)


def test_a_body_that_followed_no_other_begins_on_its_first_day() -> None:
    opened = {"Q5E": date(2019, 10, 1), "Q1A": date(2013, 4, 1)}
    drawing = drawing_of(replace(family(*EAST), opened=opened))
    lanes = {lane.code: lane for lane in drawing.lanes}
    assert drawing.days[0].x < lanes["Q5E"].x < drawing.days[1].x
    assert lanes["Q1A"].x == lanes["Q2B"].x < drawing.days[0].x


def test_a_boundary_change_ends_no_lane() -> None:
    moved = family(
        Succession(date(2017, 4, 1), "Q1A", "Q2B", "2/9", "boundary_change"), founders=frozenset(["Q1A", "Q2B"])
    )
    lanes = {lane.code: lane for lane in drawing_of(moved).lanes}
    assert lanes["Q1A"].x_end == lanes["Q2B"].x_end
    assert lanes["Q1A"].shares == "2/9 Q2B"


def test_a_slip_leads_from_the_planned_day_to_the_real_one() -> None:
    slipped = Family(
        (merge("Q1A", "Q4D", date(2021, 4, 1)),), "Q1A", slips=(Slip("Q4D", date(2020, 10, 1), date(2021, 4, 1)),)
    )
    drawing = drawing_of(slipped)
    (slip,) = drawing.slips
    assert slip.words == "planned 1 October 2020, 182 days late"
    assert [mark.on for mark in drawing.days] == [date(2020, 10, 1), date(2021, 4, 1)]
    assert (slip.x, slip.x_end) == (drawing.days[0].x, drawing.days[1].x)


def test_a_name_is_cut_to_its_lane_and_whole_in_the_title() -> None:
    long_name = "NHS Clinical Commissioning Group of a Very Long Name Indeed for One Lane"
    named = Family((merge("Q1A", "Q4D", date(2018, 4, 1)),), "Q1A", names={"Q1A": long_name})
    lane = drawing_of(named).lanes[0]
    assert lane.name == long_name
    assert lane.label.endswith("…")
    assert long_name.startswith(lane.label[:-1])


def test_a_body_that_closed_without_a_successor_ends_with_a_mark() -> None:
    ended = Family((merge("Q1A", "Q4D", date(2018, 4, 1)),), "Q1A", closed={"Q4D": date(2020, 3, 31)})
    assert [lane.code for lane in drawing_of(ended).lanes if lane.ends] == ["Q4D"]


def test_many_predecessors_off_the_path_are_one_lane_until_all_are_asked_for() -> None:
    many = family(*(merge(f"P{number:02}", "Q4D", date(2018, 4, 1)) for number in range(20)), focus="P03")
    drawn, (others,) = rolled_up(many)
    assert len(others.codes) == 19
    assert {lane.shown_code for lane in drawing_of(drawn).lanes} == {"P03", "19 others", "Q4D"}
    assert rolled_up(family(*EAST)) == (family(*EAST), ())


def test_the_names_of_bodies_that_went_are_asked_of_days_on_which_they_were_there() -> None:
    days = naming_days(family(*EAST), most=3)
    assert days == {date(2018, 3, 31): ["Q1A", "Q2B", "Q3C", "Q5E"], date(2021, 3, 31): ["Q4D"]}
    assert naming_days(family(*EAST), most=1) == {date(2018, 3, 31): ["Q1A", "Q2B", "Q3C", "Q5E"]}


def test_the_list_begins_with_the_last_body_and_says_from_how_many_it_came() -> None:
    (last,) = listed(family(*EAST))
    assert (last.code, last.since, len(last.within)) == ("Q6F", date(2021, 4, 1), 2)
    inner = last.within[0]
    assert (inner.code, inner.since, inner.passed, inner.on) == ("Q4D", date(2018, 4, 1), "all", date(2021, 4, 1))
    assert [one.code for one in inner.within] == ["Q1A", "Q2B", "Q3C"]
    assert [one.asked for one in inner.within] == [True, False, False]
