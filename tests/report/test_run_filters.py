"""What the page shows of each country adds up to what it shows of all, in a run."""

from collections import defaultdict

import duckdb
import polars as pl
import pytest

from segpredict.core.run_folder import open_run
from segpredict.core.transactions import MONEY_SCALE
from segpredict.pipeline.report_data import report_input_of_run
from segpredict.report import ReportInput
from segpredict.report.html.filters import filter_data, start_states

MONTH = "strftime(date '1970-01-01' + day, '%Y-%m')"
ORDERS = f"""
with known as (
  select * from '{{run}}/transactions.parquet'
  where void_day is null or void_day >= {{end}}
), orders as (
  select customer_id, order_id, day, is_return, {MONTH} as month,
    min(country) as country, sum(amount) as amount
  from known group by all
), homes as (
  select customer_id, last(country order by day, order_id) as country
  from orders group by 1
)
select month, count(*) filter (not is_return),
  count(distinct customer_id) filter (not is_return), sum(amount)::bigint
from orders join homes using (customer_id)
join '{{run}}/segmentation/assignments.parquet' using (customer_id)
where homes.country = ? and segment_id = ? and month between ? and ?
group by 1 order by 1
"""


@pytest.fixture(scope="module")
def run(run_folder) -> ReportInput:
    return report_input_of_run(open_run(run_folder))


@pytest.fixture(scope="module")
def told(run):
    return filter_data(run)


def summed(told, name, where=lambda cell: True) -> dict[int, float]:
    chart = told["charts"][name]
    sums: dict[int, int] = defaultdict(int)
    for cell in filter(where, chart["cells"]):
        sums[cell[3]] += cell[4]
    return {bin_: total / chart["per"] for bin_, total in sums.items()}


def test_the_shop_has_countries_and_a_rest(told):
    assert told["countries"] == ["United Kingdom", "Other countries"]


@pytest.mark.parametrize(
    ("chart", "column", "unit"),
    [
        ("orders", "orders", 1),
        ("buyers", "customers", 1),
        ("newcomers", "new_customers", 1),
        ("sales", "gross", MONEY_SCALE),
        ("returns", "returned", -MONEY_SCALE),
    ],
)
def test_months_of_all_countries_and_segments_are_those_of_the_shop(run, told, chart, column, unit):
    months = run.kpis["months"]
    assert told["periods"] == months["scope"].to_list()
    found = summed(told, chart)
    assert [found.get(i, 0) for i in range(months.height)] == [
        value / unit for value in months[column]
    ]


def test_segments_of_all_countries_are_those_of_the_profile(run, told):
    members, takings = summed(told, "members"), summed(told, "takings")
    codes = range(run.profile.height)
    assert [members.get(i, 0) for i in codes] == run.profile["n"].to_list()
    paid = [takings.get(i, 0) for i in codes]
    assert paid == pytest.approx(run.profile["revenue"].to_list(), abs=1e-6)


def test_the_mix_of_all_countries_is_that_of_everybody(run, told):
    ids = [segment.id for segment in run.segments]
    now, expected = summed(told, "now"), summed(told, "expected")
    assert {ids[i]: n for i, n in now.items()} == run.current_mix
    for i, name in enumerate(ids):
        assert expected[i] == pytest.approx(run.expected_mix[name], abs=1e-3)


def test_moves_of_all_countries_are_those_of_the_newest_period(run, told):
    ids = [segment.id for segment in run.segments]
    observed = run.transitions["observed"]
    newest = observed.filter(pl.col("since") == pl.col("since").max())
    places = {name: i for i, name in enumerate(start_states(ids))}
    found = summed(told, "transitions")
    assert newest["n"].sum() == sum(found.values())
    for start, end, n in newest.select("from_id", "to_id", "n").iter_rows():
        place = places[start] * len(ids) + ids.index(end)
        assert found.get(place, 0) == n


def test_one_choice_is_what_sql_finds(run, told, run_folder):
    country, segment, months = 0, 1, (6, 14)
    first, last = (told["periods"][i] for i in months)
    asked = [told["countries"][country], run.segments[segment].id, first, last]
    sql = ORDERS.format(run=run_folder, end=run.end_day)
    rows = duckdb.execute(sql, asked).fetchall()

    def chosen(cell):
        return cell[:2] == [segment, country] and months[0] <= cell[2] <= months[1]

    names = ("orders", "buyers", "sales", "returns")
    orders, buyers, sales, returns = (summed(told, n, chosen) for n in names)
    assert sum(orders.values()) > 5
    for month, n, customers, paid in rows:
        i = told["periods"].index(month)
        assert (orders.get(i, 0), buyers.get(i, 0)) == (n, customers)
        net = sales.get(i, 0) - returns.get(i, 0)
        assert net == pytest.approx(paid / MONEY_SCALE)
    assert {told["periods"].index(row[0]) for row in rows} == {*orders, *returns}
