"""The sections that say why: topics and how sure, moves, and people."""

import polars as pl
import pytest
from bundles import PERSON, bundle, moves, plain_page, proof, topics

from segpredict.report import render_html
from segpredict.report.context.drivers import drivers_section as section
from segpredict.report.context.importance import importance_section
from segpredict.report.context.shortlist import (
    example_customers_section,
    transition_drivers_section,
)
from segpredict.report.html.chart_layout import interval_marks


def test_the_words_of_marketers_come_first_and_strongest_first():
    page = section(bundle())
    assert [(h.name, h.share) for h in page.headlines] == [
        ("Recency", 0.625),
        ("Monetary", pytest.approx(0.375)),
    ]


def test_a_word_has_the_interval_of_the_final_test_where_it_was_asked():
    first, second = section(bundle()).headlines
    assert (first.low, first.high) == (0.5, 0.7)
    assert (second.low, second.high) == (None, None)
    assert section(bundle(evidence=None)).headlines[0].low is None


def test_the_forecast_for_anybody_is_stated():
    base = section(bundle()).base_values
    assert [chip.id for chip, _ in base] == ["S0", "S1", "S2", "S3"]
    assert sum(chance for _, chance in base) == pytest.approx(1.0)
    assert base[0][1] == pytest.approx(0.644, abs=0.001)
    assert "Without any feature, the forecast is" in plain_page()
    assert "Without any feature, the forecast is" not in render_html(bundle(base_values={}))


def test_a_group_shows_its_interval_and_whether_it_surely_counts():
    row, other = section(bundle()).rows
    assert (row.name, row.rank_interval, row.is_important) == ("recency_days", "1 to 2", True)
    assert (row.permutation_loss, row.permutation_loss_low, row.permutation_loss_high) == (
        0.2,
        0.1,
        0.3,
    )
    assert row.columns == "recency_days, age_days"
    # A group that the tested models did not have is not passed off as worthless.
    assert (other.permutation_loss, other.is_important) == (None, None)
    assert "not tested" in plain_page()


def test_what_was_not_cross_checked_says_how_to_do_it():
    page = render_html(bundle(evidence=None))
    assert "This was not cross-checked" in page
    assert "segpredict explain" in page
    assert "This was not cross-checked" not in plain_page()


def test_measures_that_were_not_taken_are_not_listed():
    page = section(bundle())
    assert len(page.agreement) == 3
    assert page.notes == proof().notes


def test_a_note_on_what_is_explained_stands_on_the_page():
    told = "The selected model is markov, which is no sum of features."
    shown = render_html(bundle(reasons_note=told))
    assert "The selected model is the Markov chain, which is no sum of features." in shown


def test_every_figure_on_reasons_carries_its_warning():
    page = plain_page()
    # The drivers, the people, and the lists of customers.
    assert page.count("Associations that the model uses, not causes.") == 3


def test_movers_stand_on_the_side_of_their_sign():
    (move,) = transition_drivers_section(bundle()).transitions
    assert (move.start.id, move.end.id, move.expected) == ("S3", "S0", 120.0)
    first = move.drivers[0]
    (mark,) = interval_marks([first], "movers", ("stayers", "movers"))
    assert mark.low < mark.zero < mark.dot
    assert first.odds_ratio == 3.32


@pytest.mark.parametrize("absent", [None, moves().clear()])
def test_without_moves_there_is_no_such_section(absent):
    assert transition_drivers_section(bundle(transition_drivers=absent)) is None
    assert "What drives each transition" not in render_html(bundle(transition_drivers=absent))


@pytest.mark.parametrize("absent", [None, topics().clear()])
def test_without_topics_there_is_no_such_section(absent):
    assert section(bundle(group_importance=absent)) is None


def test_people_show_the_chance_and_both_kinds_of_reasons():
    (person,) = example_customers_section(bundle()).customers
    assert (person.id, person.now.id, person.next.id) == ("17850", "S3", "S0")
    assert person.probability == 0.61
    assert (person.start, person.summary.replace("\u202f", " ")) == (
        0.32,
        "These 2 reasons explain 60 % of the distance from 32 % to 61 %.",
    )
    assert [step.text for step in person.steps][-1] == "All other features together"
    assert [step.is_up for step in person.steps] == [True, False, True]
    assert example_customers_section(bundle(example_customers=())) is None


def test_a_hostile_customer_is_only_text():
    evil = "<script>alert(1)</script>"
    page = render_html(bundle(example_customers=({**PERSON, "customer_id": evil},)))
    assert evil not in page


def points() -> pl.DataFrame:
    sizes = [0.5, -0.2, 0.1, 0.3]
    values = [1.0, 2.0, None, 40.0]
    return pl.concat(
        pl.DataFrame(
            {
                "class_id": [name] * 4,
                "feature": ["recency_days"] * 4,
                "value": values,
                "contribution": sizes,
                "offset": [0.0, 0.5, -0.5, 1.0],
                "shade": [0, 1, None, 2],
            },
            schema_overrides={"shade": pl.Int8},
        )
        for name in ("S0", "S3")
    )


def test_swarms_and_dependence_are_drawn_from_points():
    given = bundle(contribution_points=points())
    (plot,) = section(given).dependence
    assert plot.feature == "Days since the last order"
    assert plot.axes.across
    assert plot.axes.up
    swarm, _ = importance_section(given).swarms
    assert (swarm.badge.id, swarm.zero) == ("S0", 50.0)
    assert [shade for shade, _ in swarm.rows[0].paths] == ["low", "middle", "high", "none"]
    page = render_html(given)
    assert page.count('class="swarm-row"') == 2
    assert "<img" not in page
