from segpredict.core import memory


def test_there_is_memory_and_no_more_than_the_machine_has() -> None:
    assert 1 << 20 < memory.available_bytes() < 1 << 50


def test_where_the_system_does_not_say_a_plain_amount_is_taken(monkeypatch) -> None:
    monkeypatch.setattr(memory, "_meminfo", lambda: None)
    monkeypatch.setattr(memory, "_container", lambda: None)
    assert memory.available_bytes() == int(memory.USABLE_SHARE * memory.DEFAULT_BYTES)


def test_the_smaller_of_two_limits_counts(monkeypatch) -> None:
    monkeypatch.setattr(memory, "_meminfo", lambda: 1000)
    monkeypatch.setattr(memory, "_container", lambda: 100)
    assert memory.available_bytes() == int(memory.USABLE_SHARE * 100)
