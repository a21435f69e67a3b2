"""/metrics for Prometheus, read from the database, so that every process tells the same (CJJ/T 312 §6.1.6)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from exchange.services import monitoring


class ExchangeCollector(Collector):
    """Calls, rows, queues."""

    def collect(self) -> Iterator[Metric]:
        """Read the figures."""
        labels = ["direction", "peer", "interface", "code"]
        calls = CounterMetricFamily("eurbanmis_exchange_calls", "Calls of the exchange interface", labels=labels)
        rows = CounterMetricFamily("eurbanmis_exchange_rows", "Rows received or sent", labels=labels)
        for (direction, peer, interface, code), (call_count, row_count) in monitoring.totals().items():
            calls.add_metric([direction, peer, interface, str(code)], call_count)
            rows.add_metric([direction, peer, interface, str(code)], row_count)
        yield calls
        yield rows
        queue = monitoring.queue()
        for name, value, text in (
            ("inbound_batches", queue.inbound, "Batches received, not stored"),
            ("inbound_lag_seconds", queue.inbound_lag_s, "Age of the oldest of them"),
            ("outbound_rows", queue.outbound_rows, "Rows owed, not acknowledged"),
            ("outbound_lag_seconds", queue.outbound_lag_s, "Age of the oldest of them"),
            ("dead_letters", queue.dead, "Chunks an upper platform refused"),
            ("quarantined_rows", queue.quarantine, "Rows that could not be stored"),
        ):
            yield GaugeMetricFamily(f"eurbanmis_exchange_{name}", text, value=value)


def metrics(request: HttpRequest) -> HttpResponse:
    """For the monitoring server: with METRICS_TOKEN as bearer, or for users who may see the platform's health."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    is_known = bool(token) and hmac.compare_digest(given.encode(), token.encode())
    user = getattr(request, "user", None)
    if not is_known and not (user is not None and user.has_perm("platform_core.view_platform_health")):
        return HttpResponse("METRICS_TOKEN\n", status=401, content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(ExchangeCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
