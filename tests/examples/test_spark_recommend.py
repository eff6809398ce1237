"""The example for Spark says what the export itself says; it needs pyspark and a Java runtime."""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.golden.record import EXPORT
from tfkgrec.offline.in_process import open_in_process
from tfkgrec.offline.lists import lists_of

pytest.importorskip("pyspark", reason="needs pyspark, which brings 480 MB")


@pytest.mark.filterwarnings("ignore:::pyspark", "ignore::ResourceWarning")
@pytest.mark.skipif(shutil.which("java") is None, reason="needs a Java runtime")
def test_lists_are_those_of_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.sql import SparkSession

    from examples.spark_recommend import recommend

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    export = EXPORT / "hkrm/1"
    model = open_in_process(export)
    users = [*model.users()[:20], "nobody"]
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    try:
        asked = spark.createDataFrame([(user,) for user in users], "user string")
        rows = [row.asDict() for row in recommend(asked, str(export), 5).collect()]
    finally:
        spark.stop()
    found = pd.DataFrame(rows).set_index(["user", "rank"]).sort_index()
    wanted = lists_of(model, users, 5)[0].to_pandas().set_index(["user", "rank"]).sort_index()
    assert found.index.equals(wanted.index) and len(found) == 5 * len(users)
    assert found["item"].tolist() == wanted["item"].tolist()
    assert found["score"].to_numpy() == pytest.approx(wanted["score"].to_numpy(), abs=1e-6)
