"""Every protocol of the registry."""

import pytest

from tests.cases.protocol_case import ProtocolCase, SmallProtocol, small_protocol
from tfkgrec import registry


class TestProtocols(ProtocolCase):
    @pytest.fixture(params=list(registry.protocols()))
    def given(self, request: pytest.FixtureRequest) -> SmallProtocol:
        return small_protocol(request.param)
