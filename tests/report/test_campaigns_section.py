"""What to do next: plays with their tests, and nothing promised."""

import re

from bundles import bundle
from campaigns_bundle import campaign_plans

from segpredict.report import render_html, section_contexts
from segpredict.report.context.campaigns import campaigns_section

LIST = {
    "campaign": "hold_best",
    "created": "2011-12-10 08:00 UTC",
    "readout": "2012-03-10",
}


def page(**change) -> str:
    html = render_html(bundle(**change)).split('id="campaigns"')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_actions_with_most_at_stake_lead_with_their_tests() -> None:
    found = campaigns_section(bundle())
    assert [each.name for each in found.top_campaigns] == ["hold_best", "remind"]
    hold, remind = (each.test.text for each in found.top_campaigns)
    assert hold == (
        "To detect +5.0 percentage points (80\u202f% power) a test needs 1,565 customers in each "
        "arm; the 200 eligible can show +19.0 percentage points or more."
    )
    assert remind == (
        "To detect +5\u202f% of the mean (80\u202f% power) a test needs 2,000 customers in each "
        "arm, and 91 days. Or a control group of 35\u202f% of the list is enough."
    )


def test_a_test_of_some_windows_tells_how_long_it_takes() -> None:
    told = (
        campaigns_section(bundle(campaigns=campaign_plans(windows=2, days=182)))
        .top_campaigns[0]
        .test
    )
    assert (
        "arm: 2 windows, 182 days, if each window brings as many customers. The first 200"
        in told.text
    )
    assert (told.windows, told.days) == (2, 182)
    assert campaigns_section(bundle()).top_campaigns[0].test.days is None


def test_what_is_at_stake_stands_beside_what_of_it_came() -> None:
    text = page()
    assert "£60,000 at risk" in text
    assert "£55,000 to £65,000" in text


def test_nothing_is_promised_and_everything_is_untested() -> None:
    text = page()
    assert "hypothesis with a test." in text
    assert "Untested until an experiment is logged. " in text
    assert not re.search(r"\bsaves?\b", text, re.IGNORECASE)


def test_a_play_with_a_list_is_on_trial_and_no_more() -> None:
    found = campaigns_section(bundle(experiments=(LIST,)))
    assert [p.evidence for p in found.campaigns] == ["running", "untested", "untested"]
    assert "2012-03-10" in found.campaigns[0].status


def test_of_few_customers_nothing_but_the_number_is_told() -> None:
    few = campaigns_section(bundle()).campaigns[2]
    assert (few.n, few.at_stake.value, few.test.base_rate) == (3, None, None)
    assert few.test.text == "Too few similar customers at the last backtest to plan a test."


def test_curves_begin_at_nothing_and_end_at_all() -> None:
    found = campaigns_section(bundle())
    assert 'points="0,100 20.0,50.0 100.0,0.0"' in render_html(bundle())
    assert found.targeting_curves[0].note == "The first 40 of 200 hold 50\u202f%"
    assert found.segments[0].badge.name == "Core"
    assert [step.value for step in found.segments[0].steps] == [100.0, 400.0]


def test_page_one_can_show_the_actions_in_short() -> None:
    first = campaigns_section(bundle()).top_campaigns[0]
    assert (first.title, first.n, first.at_stake.value) == ("Hold the best", 200, 60_000.0)
    assert first.status.startswith("untested")
    assert campaigns_section(bundle(campaigns={})) is None


def test_a_run_without_plays_has_no_such_section() -> None:
    assert "campaigns" not in section_contexts(bundle(campaigns={}))["sections"]
