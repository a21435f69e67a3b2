"""The same fixtures as the exchange's tests."""

from tests.exchange.conftest import admit, caller, data_manager, platform, standard  # noqa: F401
