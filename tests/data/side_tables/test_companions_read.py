import pytest

from segpredict.config.load import Config
from segpredict.config.side_tables import (
    CustomerTableOptions,
    EventLogOptions,
    ProductTableOptions,
    ReturnTableOptions,
)
from segpredict.data.side_tables import read_side_tables
from segpredict.errors import (
    BadCellsError,
    ColumnMissingError,
    ConfigError,
    ContractError,
    FileMissingError,
    UnknownNameError,
)

PEOPLE = """id,Gender,Income,Status,Joined,valid_from,valid_to
7.0,F,"$90,000 ",gold,2001-05-31,2010-01-01,2010-07-01
8,M,"$1,000",silver,1960-05-01,2010-02-01,
,F,,gold,,2010-02-01,
"""
ID = {"customer_id": "id"}


@pytest.fixture
def write(tmp_path):
    def written(text: str, name: str = "table.csv") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


def people(write, **options):
    return read_side_tables(
        Config(customers=CustomerTableOptions(write(PEOPLE), **{"columns": ID, **options}))
    )


def test_l7_a_column_without_a_time_stamp_is_left_out_unless_vouched_for(write):
    found = people(write, time_invariant=("Gender",))
    assert found.customers.columns == ["customer_id", "since", "until", "gender"]
    used, left = found.notes
    assert used.endswith("the configuration names it as time-invariant: Gender.")
    assert "Left out of the customers table: Income, Joined, Status, valid_from and" in left


def test_l7_nothing_is_used_of_a_table_that_nobody_vouches_for(write):
    found = people(write)
    assert found.customers.columns == ["customer_id", "since", "until"]
    assert found.attributes == ()


def test_columns_of_rows_with_a_time_stamp_need_no_vouching(write):
    times = {**ID, "since": "valid_from", "until": "valid_to"}
    found = people(write, columns=times, time_varying=("Status",))
    assert found.customers.rows() == [
        ("7", 14610, 14791, "gold"),
        ("8", 14641, None, "silver"),
    ]
    assert found.notes == ()


def test_columns_without_a_time_stamp_cannot_be_used_by_the_way(write):
    with pytest.raises(ConfigError, match="no column says since"):
        people(write, time_varying=("Status",))


def test_each_column_becomes_what_all_its_cells_are(write):
    found = people(write, time_invariant=("Gender", "Income", "Joined"))
    kinds = {a.given: a.kind for a in found.attributes}
    assert kinds == {"Gender": "level", "Income": "number", "Joined": "date"}
    assert found.customers["income"].to_list() == [90_000, 1_000]
    assert found.customers["joined"].to_list() == [11_473, -3_532]


def test_a_kind_may_be_said(write):
    found = people(write, time_invariant=("Income",), kinds={"Income": "level"})
    assert found.customers["income"].to_list() == ["$90,000", "$1,000"]
    with pytest.raises(ContractError, match="said to hold numbers"):
        people(write, time_invariant=("Gender",), kinds={"Gender": "number"})


def test_ids_are_those_of_the_transactions_and_rows_of_nobody_are_left_out(write):
    assert people(write).customers["customer_id"].to_list() == ["7", "8"]


def test_a_customer_in_two_rows_needs_to_say_which_held_when(write):
    twice = CustomerTableOptions(write("id,a\n1,x\n1,y\n"), ID, time_invariant=("a",))
    with pytest.raises(ContractError, match="which was valid when"):
        read_side_tables(Config(customers=twice))


def test_two_columns_cannot_share_a_word(write):
    table = CustomerTableOptions(write("id,Home Owner,home_owner\n1,x,y\n"), ID)
    options = CustomerTableOptions(table.data, ID, time_invariant=("Home Owner", "home_owner"))
    with pytest.raises(ConfigError, match="home_owner"):
        read_side_tables(Config(customers=options))


def test_products_give_what_is_vouched_for(write):
    roles = {"product_id": "sku", "category": "group", "price": "list"}
    text = "sku,group,list\n1,cups,2.50\n2,,9\n"
    table = ProductTableOptions(write(text), roles, time_invariant=("group",))
    found = read_side_tables(Config(products=table))
    assert found.products.columns == ["product_id", "category"]
    assert found.products["category"].to_list() == ["cups", None]
    assert "Left out of the products table: list." in found.notes[1]
    assert (table.provides("category"), table.provides("price")) == (True, False)


def test_a_product_in_two_rows_that_differ_is_refused(write):
    roles = {"product_id": "sku", "category": "group"}
    same = ProductTableOptions(write("sku,group\n1,a\n1,a\n"), roles, ("group",))
    assert read_side_tables(Config(products=same)).products.height == 1
    other = ProductTableOptions(write("sku,group\n1,a\n1,b\n"), roles, ("group",))
    with pytest.raises(ContractError, match="several rows"):
        read_side_tables(Config(products=other))


EVENTS = """customer_id,time,what,visit
1,2011-01-01 10:00,page_view,v1
1,2011-01-01 10:01,add_to_cart,v1
1,2011-01-01 18:00,page_view,v2
2,2011-01-02 09:00,page_view,v3
,2011-01-02 09:00,page_view,v4
"""


def test_events_are_counted_per_customer_day_and_kind(write):
    log = EventLogOptions(
        write(EVENTS),
        {"kind": "what", "session": "visit"},
        {"views": ("page_view",), "carts": ("add_to_cart",), "searches": ("search",)},
    )
    found = read_side_tables(Config(events=log)).events
    assert found.first_day == 14_975
    assert found.frame.to_dict(as_series=False) == {
        "customer_id": ["1", "2"],
        "day": [14_975, 14_976],
        "views": [2, 1],
        "carts": [1, 0],
        "sessions": [2, 1],  # and no searches: there is no word for them
    }


def test_events_may_come_counted(write):
    text = "customer_id,time,sessions,views\n1,2011-01-01,2,5\n1,2011-01-01,1,\n"
    log = EventLogOptions(write(text), {"sessions": "sessions", "views": "views"})
    assert read_side_tables(Config(events=log)).events.frame.rows() == [("1", 14_975, 3, 5)]


def test_l7_an_opening_needs_a_time_of_its_own(write):
    text = "customer_id,time,sent,opened\n1,2011-01-01,1,1\n"
    flags = EventLogOptions(write(text), {"sent": "sent", "opened": "opened"})
    assert read_side_tables(Config(contacts=flags)).contacts.frame.columns[2:] == ["sent"]
    text = "customer_id,time,what\n1,2011-01-01,sent\n1,2011-01-09,opened\n"
    rows = EventLogOptions(write(text), {"kind": "what"})
    assert read_side_tables(Config(contacts=rows)).contacts.frame.rows() == [
        ("1", 14_975, 1, 0),
        ("1", 14_983, 0, 1),
    ]


def test_a_time_that_cannot_be_read_is_named_with_its_row(write):
    log = EventLogOptions(write("customer_id,time,views\n1,2011-01-01,1\n1,soon,1\n"))
    with pytest.raises(BadCellsError, match=r"row 3.*soon"):
        read_side_tables(Config(events=EventLogOptions(log.data, {"views": "views"})))


def test_a_column_that_is_not_there_and_a_file_that_is_not_there_are_named(write):
    with pytest.raises(ColumnMissingError, match="Gendr"):
        people(write, time_invariant=("Gendr",))
    with pytest.raises(FileMissingError, match="nowhere"):
        read_side_tables(Config(customers=CustomerTableOptions("nowhere.csv")))


def test_a_log_without_anything_to_count_is_refused(write):
    with pytest.raises(ColumnMissingError, match="kind"):
        read_side_tables(Config(events=EventLogOptions(write("customer_id,time\n1,2011-01-01\n"))))
    text = "customer_id,time,views\n1,2011-01-01,many\n"
    words = Config(events=EventLogOptions(write(text), {"views": "views"}))
    with pytest.raises(ContractError, match="no number"):
        read_side_tables(words)


def test_unknown_roles_and_kinds_are_named():
    with pytest.raises(UnknownNameError, match="customer_id"):
        CustomerTableOptions(columns={"customer": "x"})
    with pytest.raises(UnknownNameError, match="views"):
        EventLogOptions(kinds={"view": ("x",)})


def test_returns_without_customers_are_reported_and_not_used(write):
    products = ProductTableOptions(
        write("sku,list\n1,2.50\n2,9\n", "p.csv"),
        {"product_id": "sku", "price": "list"},
        ("list",),
    )
    text = "product_id,time,quantity\n1,2011-01-05,2\n2,2011-01-03,1\n"
    table = ReturnTableOptions(write(text, "r.csv"))
    found = read_side_tables(Config(products=products, returns=table))
    assert found.notes[-1] == (
        "The returns table names no customer: its 2 returns of 3 units, worth 14.00 "
        "at list price, from 2011-01-03 to 2011-01-05 are not assigned to customers, and "
        "spend does not subtract them."
    )
    assert len(found.files) == 2
    with pytest.raises(UnknownNameError, match="customer_id"):
        ReturnTableOptions(columns={"customer_id": "id"})


def test_no_tables_asked_for_is_none_found():
    found = read_side_tables(Config())
    assert found.customers is found.events is None
