"""Who trades in the tests of the API."""

import pytest

from tests.factories import Account, Trade


@pytest.fixture
def farm(trade: Trade) -> Account:
    return trade.farm()


@pytest.fixture
def buyer(trade: Trade) -> Account:
    return trade.processor()
