"""A server in a child process that does not start: what is said, and that nothing is left."""

import re

import pytest

from tfkgrec.errors import InputError
from tfkgrec.serving.child import child_server


def test_a_server_that_does_not_start_is_one_line_with_its_reason(tmp_path):
    log = tmp_path / "server.log"
    with pytest.raises(InputError, match=rf"^{re.escape(str(log))}: .*, found: .*whole number from 1, found none"):
        with child_server("--max-requests=none", log=log):
            pytest.fail("there is nothing to serve")


def test_without_a_log_its_own_words_stay_on_stderr(capfd):
    with pytest.raises(InputError, match="^tfkgrec serve: expected the server to start, found: ''"):
        with child_server("--max-requests=none"):
            pytest.fail("there is nothing to serve")
    assert "whole number from 1, found none" in capfd.readouterr().err
