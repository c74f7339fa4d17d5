"""Each section says in values, and shows in words, what the run found."""

import polars as pl
import pytest
from bundles import SCORES, SEGMENTS, bundle, evaluation, ledger, migration
from test_page import shown_text as text
from transitions_bundle import tables as moved

from segpredict.classifier.evaluation.scorecard import SCORECARD_SCHEMA
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry
from segpredict.report import SECTIONS, render_html
from segpredict.report.context.campaigns import campaigns_section
from segpredict.report.context.customer_value import customer_value_section
from segpredict.report.context.evaluation import evaluation_section as judged
from segpredict.report.context.headline import headline_section
from segpredict.report.context.importance import importance_section
from segpredict.report.context.ledger import appendix_section
from segpredict.report.context.ledger import ledger_section as ledger_page
from segpredict.report.context.segment_selection import segment_selection_section
from segpredict.report.context.segments import segments_section
from segpredict.report.context.transitions import transitions_section as moves
from segpredict.report.html.badges import stacked_strip


def test_every_section_and_every_field_is_documented():
    for section in SECTIONS:
        for build in section.parts.values():
            context = build(bundle())
            if context is None:
                continue  # nothing to say of this run
            assert type(context).__doc__
            assert type(context).__dataclass_params__.frozen


def test_the_headline_says_what_for_whom_and_when_in_one_sentence():
    said = headline_section(bundle()).sentence.replace("\xa0", " ")
    assert said == (
        "The 4,306 customers who bought from 11 Sep 2010 to 9 Sep 2011: the "
        "most likely segment of each from 10 Sep to 9 Dec 2011."
    )


def test_the_finding_compares_all_customers_with_the_same_window_of_last_year():
    found = headline_section(bundle(transitions=moved(SEGMENTS)))
    compared = [each for each in found.segments if each.last_year is not None]
    assert compared
    assert "S0" not in {each.badge.id for each in compared}
    most = max(compared, key=lambda each: abs(each.expected_in_all - each.last_year))
    assert found.finding.startswith(f"Expected in {most.badge.name}: ")
    assert " customers, new and returning ones included, " in found.finding
    assert f"in the same window last year ({most.last_year:,.0f})" in found.finding
    pieces = stacked_strip(found.segments, "expected_in_all")
    assert [piece.badge.id for piece in pieces if piece.width] == [
        each.badge.id for each in compared if each.expected_in_all
    ]


def test_a_closed_group_alone_is_no_finding():
    found = headline_section(
        bundle(
            current_mix={"S0": 50, "S1": 50},
            expected_mix={"S0": 80, "S1": 20},
            transitions={},
        )
    )
    assert found.finding == ""
    assert "<span>Last year</span>" not in render_html(bundle(transitions={}))


def test_no_accuracy_stands_alone():
    trust = headline_section(bundle()).trust
    assert [score.label for score in trust.scores] == [
        "XGBoost",
        "Class shares",
        "Persistence (all customers stay)",
        "Markov chain",
    ]
    assert (trust.windows, trust.n_forecasts) == (2, 8408)
    assert trust.scores[0].skill == pytest.approx(1 - 0.981 / 1.120)
    shown = text()
    for figure in ("58.2 %", "52.1 %", "52.6 %", "12.4 %", "2 windows"):
        assert figure in shown


def test_a_shipped_baseline_is_named_beside_the_model_it_beat():
    fallen = evaluation(selected="markov", reason="markov is selected: it was not beaten.")
    trust = headline_section(bundle(evaluation=fallen)).trust
    assert trust.is_fallback
    assert [(s.label, s.is_selected) for s in trust.scores][:2] == [
        ("Markov chain", True),
        ("XGBoost", False),
    ]
    assert "The Markov chain is selected: it was not beaten." in text(evaluation=fallen)


def test_the_verdict_names_the_better_forecast_in_a_sentence():
    told = headline_section(bundle()).trust.verdict.replace("\u202f", " ")
    assert told == (
        "Better than simple forecasts: the right next segment for 58 % of the customers "
        "(Markov chain: 53 %)."
    )
    worse = SCORES | {"xgboost": SCORES["xgboost"] | {"log_loss": 1.5}}
    found = evaluation(pooled=evaluation()["pooled"] | {"scores": worse})
    trust = headline_section(bundle(evaluation=found)).trust
    assert trust.verdict.startswith("No better than simple forecasts")


def test_notes_of_the_run_and_of_the_verdict_are_in_the_appendix_with_names():
    assert appendix_section(bundle()).notes == (
        "Only two test windows: say so whenever you quote a figure.",
        "Core (S3) is 1.9% of the outcomes; its numbers are uncertain.",
    )


def test_page_one_says_what_to_know_before_a_number_is_quoted():
    first = headline_section(bundle()).read_first
    assert len(first) == 4
    for words in ("closed group", "same days of last year", "not what a campaign would save"):
        assert any(words in text for text in first)
    assert "Read this first" in text()


def test_segments_show_size_money_and_profile_in_original_units():
    core = segments_section(bundle()).rows[3]
    assert (core.n, core.share, core.revenue_share) == (306, 0.071, 0.603)
    shown = text()
    for figure in ("£1,410,220", "60.3 %", "£2,211", "£1,400 – £4,180", "91.0 %"):
        assert figure in shown


def test_all_numbers_of_segments_that_were_tried_are_shown():
    tried = segments_section(bundle()).candidates
    assert [row.is_selected for row in tried] == [False, True, False]
    assert "Largest too large" in text()


def test_moves_are_counted_and_thin_rows_are_marked():
    page = moves(bundle())
    assert [row.n for row in page.rows] == [1800, 1400, 800, 26]
    assert [row.is_small for row in page.rows] == [False, False, False, True]
    assert page.rows[0].cells[0].share == 0.7
    assert page.share_staying == pytest.approx((1260 + 430 + 300 + 12) / 4026)


def test_first_time_buyers_are_a_row_but_no_segment():
    new = pl.DataFrame({"from_id": ["NEW"], "to_id": ["S1"], "n": [40], "from_name": ["New"]})
    page = moves(bundle(observed_transitions=pl.concat([migration(), new], how="diagonal")))
    assert page.rows[-1].badge.name == "New"
    assert page.rows[-1].cells[1].n == 40
    assert page.share_staying == moves(bundle()).share_staying


def test_the_verdict_shows_every_baseline_and_every_metric():
    page = judged(bundle())
    assert len(page.leaderboard) == len(SCORES)
    assert page.leaderboard[0].label == "XGBoost"
    assert page.leaderboard[0].values[:3] == (0.981, 0.4905, 0.582)
    assert [trial.cutoff for trial in page.windows] == [
        "11\xa0Jun\xa02011",
        "10\xa0Sep\xa02011",
    ]


def test_the_known_truth_of_a_sample_shop_is_the_first_row_and_compared_with_none():
    known = evaluation()
    best = min(each["log_loss"] for each in known["pooled"]["scores"].values())
    one = {**next(iter(known["pooled"]["scores"].values())), "log_loss": best / 2}
    truth = {"pooled": one, "windows": [one for _ in known["windows"]]}
    plain = judged(bundle())
    found = judged(bundle(evaluation={**known, "known_truth": truth}))
    assert found.leaderboard[0].label.startswith("Known truth")
    assert found.leaderboard[0].values[0] == best / 2
    assert found.leaderboard[0].difference is None
    assert found.leaderboard[1:] == plain.leaderboard  # which mark the best of the forecasts
    assert found.finding == plain.finding


def test_the_leaderboard_is_sorted_and_marks_the_best_figure_whichever_way_is_better():
    board = judged(bundle()).leaderboard
    assert [row.values[0] for row in board] == sorted(row.values[0] for row in board)
    rows = {row.label: row.is_best for row in board}
    assert rows["XGBoost"][:3] == (True, True, True)
    assert rows["Markov chain"][:3] == (False, False, False)


def against(found):
    return {row.label: row.difference for row in found.leaderboard if row.difference}


def test_an_interval_without_zero_on_the_good_side_is_better():
    found = judged(bundle())
    markov = against(found)["Markov chain"]
    assert (markov.outcome, markov.windows) == ("better", 2)
    assert found.finding == "On log-loss the model beats 5 of 6 baselines."


def test_a_model_that_loses_is_said_to_lose():
    bad = evaluation(comparisons=[])
    worse = {"log_loss": {"value": 0.2, "low": 0.1, "high": 0.3}}
    bad["pooled"] |= {"differences": {"markov": worse}}
    found = judged(bundle(evaluation=bad))
    assert against(found)["Markov chain"].outcome == "worse"
    assert found.finding.endswith("beats 0 of 1 baseline and loses to 1.")


def test_a_difference_that_not_every_window_shows_is_not_claimed():
    claim = {"baseline": "markov", "metric": "log_loss", "beats": False, "windows_better": 1}
    markov = against(judged(bundle(evaluation=evaluation(comparisons=[claim]))))["Markov chain"]
    assert (markov.outcome, markov.beats, markov.windows) == ("better", False, 1)


def test_precision_and_recall_follow_from_the_confusion_matrix():
    counts = {("S0", "S0"): 30, ("S0", "S1"): 10, ("S1", "S0"): 5, ("S1", "S1"): 15}
    rows = [
        ("pooled", "all", actual, 0, "xgboost", f"predicted_{predicted}", float(n), None, None)
        for (actual, predicted), n in counts.items()
    ]
    rows.append(("pooled", "all", "", 60, "xgboost", "auc_S1", 0.8, None, None))
    card = pl.DataFrame(rows, SCORECARD_SCHEMA, orient="row")
    first, second = judged(bundle(scorecard=card)).accuracy[:2]
    assert (first.n, first.counts[:2], first.recall) == (40, (30, 10), 0.75)
    assert first.precision == pytest.approx(30 / 35)
    assert (second.precision, second.recall, second.auc) == (0.6, 0.75, 0.8)


def test_the_time_line_has_a_row_a_test_and_no_forecast_before_it_was_known():
    found = judged(bundle())
    assert [row.label for row in found.timeline][-3:] == ["Test 1", "Test 2", "Forecast"]
    for row in found.timeline:
        assert row.forecast_left >= row.known_width
        assert row.forecast_left + row.forecast_width <= 100.01


def test_the_headline_says_who_is_not_counted():
    assert headline_section(bundle()).note.endswith("Inactive: no order in 91 days.")


def test_the_mix_predicted_stands_beside_the_actual_mix():
    found = judged(bundle())
    assert sum(row.predicted for row in found.mix) == pytest.approx(1)
    assert sum(row.actual for row in found.mix) == pytest.approx(1)
    assert found.windows[1].outcome.replace("\xa0", " ") == "10 Sep to 9 Dec 2011"


def test_importance_shows_the_strongest_and_what_they_mean():
    page = importance_section(bundle())
    first = page.drivers[0]
    assert (first.feature, first.share) == ("recency_days", 0.4)
    assert [(f.name, round(f.share, 3)) for f in page.families] == [
        ("rfm", 0.85),
        ("overdue", 0.1),
        ("trend", 0.05),
    ]
    assert page.now.shares[0] == (0.4, 0.4, 0.4, 0.4)
    assert "Days since the last order." in text()


def test_importance_never_goes_without_its_warnings():
    assert "associations that the model uses, not causes" in text()
    assert len(importance_section(bundle()).cautions) == 7


def test_the_ledger_shows_every_rule_and_that_it_adds_up():
    page = ledger_page(bundle())
    assert page.adds_up
    assert [line.rule for line in page.left_out] == [
        "bad_price",
        "no_customer",
        "duplicates",
    ]
    shown = text()
    for figure in ("£20,000.55", "£3,000.05", "£17,000.50", "−£410.25", "reconciles"):
        assert figure in shown


def test_a_ledger_that_does_not_add_up_says_so_loudly():
    entries = (*ledger().entries, LedgerEntry("excluded", "lost", "Lost.", LedgerCount(1)))
    assert "does not reconcile" in text(ledger=Ledger(entries))


def test_the_appendix_shows_the_window_the_config_and_the_glossary():
    page = appendix_section(bundle())
    assert [topic.title for topic in page.topics] == [
        *("Window", "Run", "Versions", "Config"),
    ]
    assert page.topics[3].facts == (("time.horizon", "91"), ("time.step", "28"))
    assert {"recency_days", "spend_364d"} <= {feature.name for feature in page.glossary}
    shown = text().partition("Glossary of features")[2]
    assert "Days since the last order.days0 – 364" in shown
    assert "Spend in the last year.currencyany" in shown


def test_all_names_of_segments_are_shown():
    shown = text()
    assert all(segment.name in shown for segment in SEGMENTS)


def test_the_canary_stands_beside_the_honest_number():
    page = text()
    assert "what a careless test would report" in page
    assert "+30.0" in page
    assert "careless test" not in text(leakage_demo=())


def test_the_ways_that_pass_come_first_and_then_the_nearest_of_the_others():
    found = segment_selection_section(bundle())
    assert [(row.algorithm, row.k) for row in found.candidates] == [
        ("K-means", 3),
        ("Rule grid", 2),
        ("Ward", 3),  # it makes another's segments and has no score
        ("Gaussian mixture", 3),
    ]
    assert [row.is_selected for row in found.candidates] == [True, False, False, False]
    assert found.candidates[2].equivalent_to == "kmeans k=3 on fm"
    assert found.candidates[3].failed_gates == ("hard to describe",)
    assert found.not_tried == ("Autoencoder + K-means: not installed",)


def test_the_choice_names_its_grade_and_the_runner_up():
    said = text()
    assert "Of 5 candidates, 2 passed every gate" in said
    assert "Grade: reproducible" in said
    assert "Runner-up: Rule grid with 2 segments (spend, days)" in said


def test_without_a_comparison_the_page_says_nothing_of_one():
    assert segment_selection_section(bundle(comparison=None, selection=None)) is None


def test_a_comparison_that_was_not_followed_says_so():
    other = {**bundle().selection, "is_applied": False}
    assert "The segments on this page follow the settings" in text(selection=other)
    assert "The segments on this page follow the settings" not in text()


def test_nobody_passing_is_said_in_words():
    lost = {**bundle().selection, "selected": None, "runner_up": None, "n_passed": 0}
    assert "None of 5 candidates passes every gate" in text(selection=lost)


def test_the_interval_of_the_mix_is_as_wide_as_the_tests_were_off():
    # Both tests predicted .46 of S0, .49 was actual: .03 × 1.886, Student's t of two.
    inactive = headline_section(bundle()).segments[0]
    share = 2015.2 / (2015.2 + 1100.0 + 780.8 + 410.0)
    assert inactive.high - share == pytest.approx(0.03 * 1.8856, abs=1e-5)
    assert share - inactive.low == pytest.approx(0.03 * 1.8856, abs=1e-5)


def test_without_a_test_the_mix_has_no_interval():
    moves = headline_section(bundle(evaluation=None)).segments
    assert {(move.low, move.high) for move in moves} == {(None, None)}


def test_page_one_tells_what_money_is_at_risk_and_what_came_of_such_forecasts():
    revenue = headline_section(bundle()).revenue
    assert revenue.revenue_at_risk == customer_value_section(bundle()).total.value_at_risk
    assert revenue.realised_range == customer_value_section(bundle()).backtested_sums
    assert headline_section(bundle(customer_value={})).revenue.revenue_at_risk is None


def test_page_one_tells_what_the_data_are():
    data = headline_section(bundle()).data
    assert (data.orders, data.customers, data.rows_used) == (70, 40, 0.8)
    assert data.unknown == pytest.approx(3_000.05 / 20_000.55)


def test_calibration_is_graded_by_its_error():
    assert headline_section(bundle()).trust.calibration == "close"
    far = SCORES | {"xgboost": SCORES["xgboost"] | {"ece": 0.051}}
    found = evaluation(pooled=evaluation()["pooled"] | {"scores": far})
    assert headline_section(bundle(evaluation=found)).trust.calibration == "off"


def test_page_one_shows_the_actions_of_their_section_and_no_box_without_any():
    told = campaigns_section(bundle()).top_campaigns
    assert 1 <= len(told) <= 3
    assert headline_section(bundle()).campaigns == told
    assert "What to do first" in text()
    assert "What to do first" not in text(campaigns={})
