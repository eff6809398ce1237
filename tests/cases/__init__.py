"""What every model, protocol and dataset of the registry passes, whatever is in its folder.

`model_case`, `protocol_case` and `dataset_case` hold one class of tests each; a test file subclasses it and says, in
one fixture, what is tested: ours over the registry (test_models.py and its siblings), another package its own.
"""

import pytest

pytest.register_assert_rewrite(
    "tests.cases.model_case", "tests.cases.protocol_case", "tests.cases.dataset_case", "tests.harness"
)
