"""A run is logged to MLflow, for real: a tracking store in SQLite."""

import re
import sys
from pathlib import Path

import pytest

from segpredict import pipeline
from segpredict.core.run_folder import open_run
from segpredict.errors import UsageError

# SQLAlchemy 2.1 and PySpark complain of what MLflow 3.17 does when it is imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.mark.slow
def test_settings_figures_and_page_are_logged_once_and_no_customer(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PySpark, which MLflow imports where it is, takes a main module without a file for a doctest
    # and ends the process; a worker of pytest-xdist is one.
    monkeypatch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
    mlflow = pytest.importorskip("mlflow")
    to = f"sqlite:///{tmp_path / 'mlflow.db'}"
    first = pipeline.publish_to_mlflow(run_folder, f"mlflow+{to}")
    assert pipeline.publish_to_mlflow(run_folder, f"mlflow+{to}") == first
    client = mlflow.MlflowClient(tracking_uri=to)
    (logged,) = client.search_runs([first["experiment"]])
    files = open_run(run_folder)
    tested = files.read_json("classifier/evaluation.json")
    own = tested["pooled"]["scores"][tested["selected"]]
    assert logged.data.metrics["log_loss_pooled"] == pytest.approx(own["log_loss"])
    history = client.get_metric_history(logged.info.run_id, "log_loss")
    windows = [w["scores"][tested["selected"]]["log_loss"] for w in tested["windows"]]
    assert [point.value for point in history] == pytest.approx(windows)
    assert logged.data.params["time.horizon"] == str(tested["horizon"])
    assert logged.data.tags["segpredict.run"] == files.manifest["digest"]
    kept = {path.name: path for path in tmp_path.rglob("artifacts/*")}
    assert {"report.html", "scorecard.csv", "manifest.json"} <= kept.keys()
    # Some remarks name a customer.
    assert '"notes"' not in kept["manifest.json"].read_text(encoding="utf-8")
    ids = "|".join(files.read_parquet("scores.parquet")["customer_id"].to_list())
    texts = [kept[name].read_text(encoding="utf-8") for name in ("report.html", "scorecard.csv")]
    assert not [text for text in texts if re.search(rf">(?:{ids})<|^(?:{ids}),", text)]


@pytest.mark.parametrize("to", ["mlflow+ftp://x", "mlflow+https://ann:secret@x"])
def test_other_addresses_are_refused_without_their_secret(run_folder: Path, to: str) -> None:
    with pytest.raises(UsageError, match="MLflow") as caught:
        pipeline.publish_to_mlflow(run_folder, to)
    assert "secret@" not in str(caught.value)
