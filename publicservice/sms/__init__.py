"""Short messages through a gateway: the console for demos and tests, HTTP for real ones."""

from .gateways import Gateway, GatewayError, gateway

__all__ = ["Gateway", "GatewayError", "gateway"]
